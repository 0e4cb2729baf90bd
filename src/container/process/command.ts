import path from 'node:path';
import { MinidockError } from '../../errors.ts';
import { defaultPath } from '../../oci/default-path.ts';
import type { ContainerConfig } from '../../oci/image-config.ts';

/**
 * The command line: ENTRYPOINT and CMD of the image, each replaced by what the user gives. An entrypoint from the user
 * drops the image's CMD too. Throws `no-command` where nothing is left.
 */
export function commandLine(
  image: Pick<ContainerConfig, 'Entrypoint' | 'Cmd'>,
  user: { entrypoint?: string | readonly string[]; command: readonly string[] },
): string[] {
  const own = entrypointOf(user.entrypoint) ?? image.Entrypoint ?? [];
  // An empty list removes the entrypoint and keeps CMD. Only the API can send one; no flag does.
  const keepsCommand = user.entrypoint === undefined || (user.entrypoint !== '' && user.entrypoint.length === 0);
  const rest = user.command.length > 0 ? user.command : keepsCommand ? (image.Cmd ?? []) : [];
  const line = [...own, ...rest];
  if (line.length === 0)
    throw new MinidockError('no-command', 'No command specified', {
      fix: 'the image names no command: give one after its name',
    });
  return line;
}

/** The entrypoint that a user gives; the empty string means none. */
export const entrypointOf = (given: string | readonly string[] | undefined): string[] | undefined =>
  typeof given === 'string' ? (given === '' ? [] : [given]) : given && [...given];

/**
 * The environment in a container's record, as Docker keeps it: the user's variables, then those of the image that the user does
 * not override. A name without a value stays in the list: it removes the variable of the image or of the defaults.
 */
export function configuredEnvironment(image: readonly string[], user: readonly string[]): string[] {
  const own = new Map(user.map(one => [nameOf(one), one]));
  return [...own.values(), ...image.filter(one => !own.has(nameOf(one)))];
}

/**
 * The environment of a process: Docker's defaults, the variables of links, the configured ones, and HOME. Later ones override
 * earlier ones.
 */
export function environment(options: {
  linked?: readonly string[];
  configured: readonly string[];
  hostname: string;
  tty: boolean;
  home: string;
}): string[] {
  const defaults = [`PATH=${defaultPath}`, `HOSTNAME=${options.hostname}`, ...(options.tty ? ['TERM=xterm'] : [])];
  const variables = new Map<string, string>();
  for (const one of [...defaults, ...(options.linked ?? []), ...options.configured])
    if (one.includes('=')) variables.set(nameOf(one), one);
    else variables.delete(nameOf(one));
  if (!variables.has('HOME')) variables.set('HOME', `HOME=${options.home}`);
  return [...variables.values()];
}

const nameOf = (variable: string) => variable.split('=', 1)[0] ?? '';

/** The working directory: the user's or the image's, undefined where neither names one (then it is the root); without `.`, `..` and needless slashes. Throws where it is not absolute. */
export function workingDirectory(image: string | undefined, user: string | undefined): string | undefined {
  const cwd = user || image;
  if (!cwd) return undefined;
  if (cwd.startsWith('/')) return path.posix.normalize(cwd).replace(/(?<=.)\/$/, '');
  throw new MinidockError(
    'invalid-workdir',
    `the working directory '${cwd}' is invalid, it needs to be an absolute path`,
  );
}
