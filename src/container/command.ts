import path from 'node:path';
import { MinidockError } from '../errors.ts';
import type { ContainerConfig } from '../image/config.ts';

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The command line: ENTRYPOINT and CMD of the image, each replaced by what the user gives. An entrypoint from the user
 * drops the image's CMD too. Throws `no-command` where nothing is left.
 */
export function commandLine(
  image: Pick<ContainerConfig, 'Entrypoint' | 'Cmd'>,
  user: { entrypoint?: string; command: readonly string[] },
): string[] {
  const own =
    user.entrypoint === undefined ? (image.Entrypoint ?? []) : user.entrypoint === '' ? [] : [user.entrypoint];
  const rest = user.command.length > 0 ? user.command : user.entrypoint === undefined ? (image.Cmd ?? []) : [];
  const line = [...own, ...rest];
  if (line.length === 0)
    throw new MinidockError('no-command', 'No command specified', {
      exitCode: 125,
      fix: 'the image names no command: give one after its name',
    });
  return line;
}

/** The environment, later values before earlier ones: Docker's defaults, the image's, the user's, HOME at the end. */
export function environment(options: {
  image: readonly string[];
  user: readonly string[];
  hostname: string;
  tty: boolean;
  home: string;
}): string[] {
  const variables = new Map<string, string>();
  const defaults = [defaultPath, `HOSTNAME=${options.hostname}`, ...(options.tty ? ['TERM=xterm'] : [])];
  for (const one of [...defaults, ...options.image, ...options.user]) {
    const [name = ''] = one.split('=', 1);
    if (one.includes('=')) variables.set(name, one);
    else variables.delete(name);
  }
  if (!variables.has('HOME')) variables.set('HOME', `HOME=${options.home}`);
  return [...variables.values()];
}

/** The working directory: the user's, the image's, or the root; without `.`, `..` and needless slashes. Throws where it is not absolute. */
export function workingDirectory(image: string | undefined, user: string | undefined): string {
  const cwd = user || image || '/';
  if (cwd.startsWith('/')) return path.posix.normalize(cwd).replace(/(?<=.)\/$/, '');
  throw new MinidockError(
    'invalid-workdir',
    `the working directory '${cwd}' is invalid, it needs to be an absolute path`,
    {
      exitCode: 125,
    },
  );
}
