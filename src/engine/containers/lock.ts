import { errnoOf } from '../../errors.ts';
import { takesNothing } from '../../state/files.ts';
import { withLock } from '../../state/lock.ts';
import { containerPaths } from '../../state/paths.ts';
import type { EngineParts } from '../context.ts';

/**
 * One command at a time changes a container. Rejects with ENOENT where it was removed meanwhile, and does not bring its
 * directory back.
 */
export async function withContainerLock<T>(parts: EngineParts, id: string, action: () => Promise<T>): Promise<T> {
  return await withLock(containerPaths(parts.roots, id).lock, action, { parentMustExist: true });
}

/** For a `catch`: a container that is gone needs nothing any more. */
export function unlessGone(error: unknown): undefined {
  if (errnoOf(error) === 'ENOENT') return undefined;
  throw error;
}

/**
 * For a `catch` of `reap`, where the container's end is seen and not yet written down: with a disk that is full or read-only that
 * is left to a later command. Until then exec root and cgroup go on telling what is true.
 */
export function unlessFull(error: unknown): undefined {
  if (takesNothing(error)) return undefined;
  return unlessGone(error);
}
