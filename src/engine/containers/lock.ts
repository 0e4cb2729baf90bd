import { errnoOf, MinidockError } from '../../errors.ts';
import { takesNothing } from '../../state/files.ts';
import { acquire } from '../../state/lock.ts';
import { containerPaths } from '../../state/paths.ts';
import type { EngineContext } from '../context.ts';

/**
 * Runs `action` under the container's lock, so that one command at a time changes it. Throws `no-such-container` where the
 * container was removed meanwhile, and does not make its directory again.
 */
export async function withContainerLock<T>(context: EngineContext, id: string, action: () => Promise<T>): Promise<T> {
  const release = await lockContainer(context, id);
  try {
    return await action();
  } finally {
    release();
  }
}

/** As `withContainerLock`, for callers that hold the lock beyond one function. Returns the release. */
export async function lockContainer(context: EngineContext, id: string): Promise<() => void> {
  return await acquire(containerPaths(context.roots, id).lock, { parentMustExist: true }).catch(error => {
    throw errnoOf(error) === 'ENOENT' ? noSuchContainer(id) : error;
  });
}

export const noSuchContainer = (reference: string) =>
  new MinidockError('no-such-container', `No such container: ${reference}`, { fix: '`minidock ps -a` lists them' });

/** For a `catch`: ignores the error that the container is gone. */
export function unlessGone(error: unknown): undefined {
  if (error instanceof MinidockError && error.code === 'no-such-container') return undefined;
  throw error;
}

/**
 * For a `catch` of `reap`: where the disk is full or read-only, the end of the container cannot be recorded and is left
 * to a later command. Until then the exec root and the cgroup show the state.
 */
export function unlessFull(error: unknown): undefined {
  if (takesNothing(error)) return undefined;
  return unlessGone(error);
}
