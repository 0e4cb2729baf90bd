import { observe, type Running } from '../../../container/observe.ts';
import type { ContainerRecord } from '../../../container/record.ts';
import { MinidockError } from '../../../errors.ts';
import { flocks } from '../../../host/locks.ts';
import { writeVolatile } from '../../../state/files.ts';
import { cgroupParent, containerPaths } from '../../../state/paths.ts';
import type { EngineContext } from '../../context.ts';
import { type Known, tell } from '../events.ts';
import { withContainerLock } from '../lock.ts';
import { runningOf, unpauseFirst } from './states.ts';

/**
 * Freezes every process of the container. The path of the kernel's state file is recorded first; whether the container is
 * paused, that file alone says, so a command that is killed at any moment leaves nothing wrong. Throws `not-running`, `paused`.
 */
export async function pauseContainer(context: EngineContext, record: ContainerRecord): Promise<void> {
  await withContainerLock(context, record.id, async () => {
    const { running, paused } = runningOf(context, record);
    if (paused) throw unpauseFirst(`Container ${record.id} is already paused`, record);
    const group = `${cgroupParent(context.roots)}/${record.id}`;
    const known: Running = { ...running, freezer: context.cgroups.freezer(group) };
    writeVolatile(containerPaths(context.roots, record.id).running, JSON.stringify(known));
    await context.cgroups.freeze(group);
    tell(context, record, 'pause');
  });
}

/** Thaws a paused container. Throws `not-paused`. */
export async function unpauseContainer(context: EngineContext, record: ContainerRecord): Promise<void> {
  await withContainerLock(context, record.id, async () => {
    if (await resume(context, record)) return;
    const { kind } = observe(context.roots, record.id, flocks);
    throw new MinidockError('not-paused', `Container ${record.id} is not paused`, {
      fix: kind === 'running' ? 'it runs: nothing is to be done' : `it does not run: minidock start ${record.name}`,
    });
  });
}

/** Thaws a container if it is paused; returns whether it was. A frozen process cannot act on a signal. */
export async function resume(context: EngineContext, record: Known): Promise<boolean> {
  const seen = observe(context.roots, record.id, flocks);
  if (seen.kind !== 'running' || !seen.paused) return false;
  await context.cgroups.thaw(`${cgroupParent(context.roots)}/${record.id}`);
  tell(context, record, 'unpause');
  return true;
}
