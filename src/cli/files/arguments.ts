import { MinidockError } from '../../errors.ts';

export interface CopyFlags {
  /** `-L`. */
  readonly followLink: boolean;
  /** `-a`. */
  readonly archive: boolean;
}

/** `CONTAINER:PATH`, or a path of the host: one that is absolute, begins with a dot, or has no colon. */
export function splitArgument(given: string): { container: string | undefined; path: string } {
  const colon = given.indexOf(':');
  if (given.startsWith('/') || given.startsWith('.') || colon < 1) return { container: undefined, path: given };
  return { container: given.slice(0, colon), path: given.slice(colon + 1) };
}

/** A path that ends in a slash or `/.` means a directory. */
export const asksForDirectory = (given: string) => /(^|\/)\.?$/.test(given);

/** Errors about a path of a container in the words of Docker's client. */
export async function inContainer<T>(container: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof MinidockError) || error.code !== 'no-such-container') throw error;
    throw new MinidockError('no-such-container', `No such container:path: ${container}:${path}`, {
      cause: error,
      fix: '`minidock ps -a` lists the containers',
    });
  }
}
