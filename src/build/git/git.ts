import { MinidockError } from '../../errors.ts';
import { systemPath, systemProgram } from '../../host/programs.ts';
import { startProcess } from '../../syscalls/start-process.ts';

/** Runs git with these words. Resolves with what it printed, and rejects with what it complained of. */
export type Git = (...words: string[]) => Promise<string>;

/** Variables of ours that git gets: how the network is reached, and the agent that holds the user's keys. */
const handedOn = /^((https?|no|all)_proxy|SSH_AUTH_SOCK|SSL_CERT_(FILE|DIR))$/i;

/**
 * The host's git in a folder. It reads no settings of this machine, runs no hooks, asks nobody, and has no transport that runs
 * programs: `ext::` and local paths are refused, those in submodules too.
 *
 * @param what is told in errors
 */
export function gitIn(folder: string, what: string, signal: AbortSignal | undefined): Git {
  const program = systemProgram('git');
  const shell = systemProgram('sh');
  const refuse = (reason: string, fix?: string) =>
    new MinidockError('cannot-download', `cannot get ${what}: ${reason}`, { fix });
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => handedOn.test(name))),
    PATH: systemPath,
    LC_ALL: 'C',
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'git:http:https:ssh',
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
  };
  const settings = ['core.hooksPath=/dev/null', 'core.fsmonitor=false', 'advice.detachedHead=false'];
  const first = ['-C', folder, ...settings.flatMap(one => ['-c', one])];
  return async (...words) => {
    if (program === undefined || shell === undefined)
      throw refuse('this host has no git, which fetches it', 'apt-get install git, or dnf install git');
    signal?.throwIfAborted();
    // The modes of files are those of git, and no matter of our umask. A group of its own: its helpers end with it.
    const command = ['-c', 'umask 022; exec "$0" "$@"', program, ...first, ...words];
    const child = startProcess(shell, command, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const end = () => {
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {}
    };
    signal?.addEventListener('abort', end, { once: true });
    let printed = '';
    let said = '';
    child.stdout.on('data', chunk => (printed += chunk));
    child.stderr.on('data', chunk => (said = (said + chunk).slice(-4000)));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    }).finally(() => signal?.removeEventListener('abort', end));
    signal?.throwIfAborted();
    if (code === 0) return printed;
    const lines = said.split('\n').filter(line => line.trim() !== '');
    throw refuse((lines.find(line => /^(fatal|error):/.test(line)) ?? lines.at(-1) ?? `git ended with ${code}`).trim());
  };
}
