import fs from 'node:fs';
import type { StoppedBy } from '../../container/observe.ts';
import type { ContainerRecord } from '../../container/record.ts';
import { errnoOf } from '../../errors.ts';
import { keptIds, unmarkKept, wakeKeeper } from '../../state/kept.ts';
import { containerPaths, type Roots } from '../../state/paths.ts';
import { unlessGone, withContainerLock } from '../containers/lock.ts';
import type { EngineContext } from '../context.ts';

/**
 * Records who asks for the end of a running container, before the signal is sent: whoever cleans up afterwards then does not
 * start it again. For `stop`, and for `kill` with a signal that is meant to end it. A container without a restart policy needs
 * no mark, so that it can be stopped on a full disk.
 */
export function markStopped(
  roots: Roots,
  { id, options }: Pick<ContainerRecord, 'id' | 'options'>,
  by: StoppedBy = 'user',
): void {
  if (options.restart === undefined) return;
  try {
    fs.writeFileSync(containerPaths(roots, id).stopped, by, { mode: 0o600 });
  } catch (error) {
    // The container has ended, and its run directory is gone.
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** Cancels a restart that a container waits for: its state becomes `exited`. */
export async function cancelRestart(context: EngineContext, id: string, by: StoppedBy = 'user'): Promise<void> {
  await withContainerLock(context, id, async () => {
    const record = context.store.read(id);
    if (record?.state.status !== 'restarting') return;
    const state: ContainerRecord['state'] = { ...record.state, status: 'exited', stopped: by === 'user' || undefined };
    context.store.write({ ...record, state });
    release(context.roots, id);
  }).catch(unlessGone);
}

/** Tells the keeper that a container does not need it any more. */
export function release(roots: Roots, id: string): void {
  if (!keptIds(roots).includes(id)) return;
  unmarkKept(roots, id);
  wakeKeeper(roots);
}
