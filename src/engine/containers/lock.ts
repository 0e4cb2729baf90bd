import { errnoOf } from '../../errors.ts';
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
