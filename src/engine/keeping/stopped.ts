import fs from 'node:fs';
import type { Asked, StoppedBy } from '../../container/observe.ts';
import type { ContainerOptions, ContainerRecord } from '../../container/record.ts';
import { errnoOf } from '../../errors.ts';
import { identityOf } from '../../host/process.ts';
import { isKept, unmarkKept, wakeKeeper } from '../../state/kept.ts';
import { containerPaths, type Roots } from '../../state/paths.ts';
import { unlessGone, withContainerLock } from '../containers/lock.ts';
import type { EngineContext } from '../context.ts';

/**
 * Calls `end`, which sends the signal that is meant to end a container, and records who asked for it: then whoever cleans up does not
 * start the container again. The record is provisional until the signal is sent, and counts only while this process lives: if the
 * process is killed before, the container runs on with its restart policy. A container without a policy needs no record, so that it
 * can be stopped on a full disk.
 *
 * @param isForStart this process starts it again: the record stays provisional, so that the policy decides should it be killed before
 */
export async function endFor(
  roots: Roots,
  { id, options }: Stoppable,
  { by = 'user', isForStart = false }: { by?: StoppedBy; isForStart?: boolean },
  end: () => void | Promise<void>,
): Promise<void> {
  if (options.restart === undefined) return await end();
  announce(roots, id, by);
  try {
    await end();
  } finally {
    if (!isForStart) affirm(roots, id);
  }
}

/** As `endFor`, for a container that has ended by itself and was not cleaned up yet. */
export function markStopped(roots: Roots, { id, options }: Stoppable, by: StoppedBy = 'user'): void {
  if (options.restart === undefined) return;
  announce(roots, id, by);
  affirm(roots, id);
}

/** What has to be known of a container to end it. */
export type Stoppable = Pick<ContainerRecord, 'id'> & { options: Pick<ContainerOptions, 'restart'> };

/** What is cut off here counts as nothing, and its signal is never sent. */
function announce(roots: Roots, id: string, by: StoppedBy): void {
  const asked: Asked = { by, process: identityOf(process.pid) };
  const { stopping } = containerPaths(roots, id);
  unlessCleanedUp(() => fs.writeFileSync(stopping, JSON.stringify(asked), { mode: 0o600 }));
}

function affirm(roots: Roots, id: string): void {
  const { stopping, stopped } = containerPaths(roots, id);
  unlessCleanedUp(() => fs.renameSync(stopping, stopped));
}

/** The run directory goes with the end; and of two commands that end a container at once the first affirms for both. */
function unlessCleanedUp(change: () => void): void {
  try {
    change();
  } catch (error) {
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
  if (!isKept(roots, id)) return;
  unmarkKept(roots, id);
  wakeKeeper(roots);
}
