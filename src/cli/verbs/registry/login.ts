import { isatty } from 'node:tty';
import { MinidockError } from '../../../errors.ts';
import type { Credentials } from '../../../registry/auth/credential-helper.ts';
import type { Context } from '../../context.ts';
import { text, toggle, type Values } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';

const flagTable = {
  password: text('Password or access token', { short: 'p' }),
  'password-stdin': toggle('Take the password from standard input'),
  username: text('Name of the user', { short: 'u' }),
};

export const verb = defineVerb({
  synopsis: '[OPTIONS] [SERVER]',
  flags: flagTable,
  operands: [0, 1],
  async run(context, flags, [server]) {
    const { login, registryHost } = await import('../../../registry/auth/login.ts');
    const { findCredentials } = await import('../../../registry/auth/credentials.ts');
    const { dockerConfigPath } = await import('../../../registry/auth/docker-config.ts');
    checkFlags(flags, context);
    const host = registryHost(server);
    const options = context.settings.registries;
    const { out, err } = context.output;
    const nothingGiven = flags.username === undefined && flags.password === undefined && !flags['password-stdin'];
    const kept = nothingGiven ? await findCredentials(host) : undefined;
    if (kept !== undefined) {
      out(`Authenticating with existing credentials... [Username: ${kept.username}]\n`);
      // A token was given by the token server to whoever logged in: it needs no second look.
      const isAccepted = await login(host, kept, options).then(
        () => true,
        error => {
          if (!(error instanceof MinidockError && error.code === 'unauthorized')) throw error;
          err(`Login did not succeed, error: ${error.message}\n`);
          return false;
        },
      );
      if (isAccepted) {
        out('Login Succeeded\n');
        return 0;
      }
    }
    const isUnencrypted = await login(host, await credentialsFrom(flags, host, context, kept?.username), options);
    if (isUnencrypted) {
      err(
        `WARNING! Your credentials are stored unencrypted in '${dockerConfigPath()}'.\n` +
          `Configure a credential helper to remove this warning: "credsStore" in that file.\n\n`,
      );
    }
    out('Login Succeeded\n');
    return 0;
  },
});

function checkFlags(flags: Values<typeof flagTable>, { output }: Context): void {
  const wrong = (message: string) => new MinidockError('usage', message);
  if (flags.password !== undefined) {
    output.err('WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n');
    if (flags['password-stdin'])
      throw wrong('conflicting options: cannot specify both --password and --password-stdin');
  }
  if (flags['password-stdin'] && !flags.username)
    throw wrong('the --password-stdin option requires --username to be set');
}

async function credentialsFrom(
  flags: Values<typeof flagTable>,
  host: string,
  { output }: Context,
  known: string | undefined,
): Promise<Credentials> {
  const { ask, readInput } = await import('../../terminal/prompt.ts');
  const mustAsk = flags.username === undefined || (flags.password === undefined && !flags['password-stdin']);
  if (mustAsk && !isatty(0)) {
    throw new MinidockError('no-terminal', 'Cannot perform an interactive login from a non TTY device', {
      fix: 'minidock login --username NAME --password-stdin < FILE',
    });
  }
  if (mustAsk && host === 'docker.io')
    output.out('Log in with your Docker ID to push images to Docker Hub and to pull private ones.\n');
  const question = known ? `Username (${known}): ` : 'Username: ';
  const username = flags.username ?? ((await ask(question, output.out)) || known || '');
  if (username === '') throw new MinidockError('no-username', 'username is empty');
  let password = flags.password ?? (flags['password-stdin'] ? readInput() : undefined);
  password ??= await ask('Password: ', output.out, true);
  if (password === '') throw new MinidockError('no-password', 'password is empty');
  return { username, password };
}
