import { MinidockError } from '../../errors.ts';
import { programOnPath } from '../../host/programs.ts';
import { startProcess } from '../../syscalls/start-process.ts';

/** What a registry asks for. */
export interface Credentials {
  username: string;
  password: string;
  /** A token server's refresh token, which stands in for the password (OAuth 2.0). */
  identityToken?: string;
}

/** What helpers name the user of an identity token. */
const tokenUser = '<token>';
const timeoutMs = 60_000;

/**
 * Speaks the protocol of Docker's credential helpers with `docker-credential-<name>`: one word of what to do, the rest on
 * standard input, the answer as JSON on standard output.
 */
export class CredentialHelper {
  readonly #program: string;

  /** @throws {MinidockError} `invalid-config` */
  constructor(name: string) {
    if (!/^[\w.-]+$/.test(name)) {
      throw new MinidockError('invalid-config', `credential helper ${JSON.stringify(name)} is no name of a program`);
    }
    this.#program = `docker-credential-${name}`;
  }

  /** Undefined where it keeps nothing for this registry. */
  async get(server: string): Promise<Credentials | undefined> {
    const { status, output } = await this.#run('get', server);
    if (status !== 0 && /credentials not found/i.test(output)) return undefined;
    if (status !== 0) throw this.#failed('get', output);
    try {
      const { Username: username, Secret: secret } = JSON.parse(output);
      if (typeof username === 'string' && typeof secret === 'string') {
        return username === tokenUser
          ? { username: '', password: '', identityToken: secret }
          : { username, password: secret };
      }
    } catch {}
    throw this.#failed('get', 'its answer is not the JSON that helpers give');
  }

  async store(server: string, { username, password, identityToken }: Credentials): Promise<void> {
    const [Username, Secret] = identityToken === undefined ? [username, password] : [tokenUser, identityToken];
    const { status, output } = await this.#run('store', JSON.stringify({ ServerURL: server, Username, Secret }));
    if (status !== 0) throw this.#failed('store', output);
  }

  async erase(server: string): Promise<void> {
    const { status, output } = await this.#run('erase', server);
    if (status !== 0 && !/credentials not found/i.test(output)) throw this.#failed('erase', output);
  }

  #run(action: string, input: string): Promise<{ status: number | null; output: string }> {
    return new Promise((resolve, reject) => {
      const program = programOnPath(this.#program);
      if (program === undefined) return reject(this.#missing());
      // It may ask its user on the terminal, so its standard error is ours.
      const child = startProcess(program, [action], { stdio: ['pipe', 'pipe', 'inherit'], timeout: timeoutMs });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', chunk => {
        output += chunk;
      });
      child.on('error', reject);
      child.on('close', status => resolve({ status, output }));
      // A helper that ends without reading its input is judged by its exit code.
      child.stdin.on('error', () => {});
      child.stdin.end(input);
    });
  }

  #missing(): MinidockError {
    return new MinidockError(
      'no-credential-helper',
      `error getting credentials - err: exec: "${this.#program}": executable file not found in $PATH`,
      { fix: `install ${this.#program}, or take "credsStore" and "credHelpers" out of Docker's config.json` },
    );
  }

  #failed(action: string, output: string): MinidockError {
    const words = output.replace(/[^\x20-\x7e]+/g, ' ').trim();
    return new MinidockError('credential-helper-failed', `${this.#program} ${action} failed: ${words.slice(0, 300)}`);
  }
}
