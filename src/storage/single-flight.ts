import fs from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../errors.ts';
import { withLock } from '../state/lock.ts';

/** How long to wait for another process that does the same work: a big layer on a slow connection takes minutes. */
const timeoutMs = 60 * 60_000;

/**
 * Does work that many may want and one has to do, in this process or another: the others wait, unless `signal` ends that, and find
 * it done. Resolves to whether we did it. `isDone` is asked again under the lock; `work` must end in one atomic step that makes it true.
 */
export async function singleFlight(
  lock: string,
  isDone: () => boolean,
  work: () => Promise<void>,
  signal?: AbortSignal,
): Promise<boolean> {
  if (isDone()) return false;
  try {
    return await withLock(
      lock,
      async () => {
        if (isDone()) return false;
        await work();
        return true;
      },
      { timeoutMs, signal },
    );
  } finally {
    discard(lock);
  }
}

/**
 * Removes a lock that is not needed any more. Unlinking `free` takes the lock. A process that finds the directory empty
 * in between replaces it by its own; then rmdir fails and the new lock stays.
 */
export function discard(lock: string): void {
  try {
    fs.unlinkSync(path.join(lock, 'free'));
    fs.rmdirSync(lock);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw error;
  }
}
