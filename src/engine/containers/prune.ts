import { observe } from '../../container/observe.ts';
import { type ContainerRecord, isUp } from '../../container/record.ts';
import { writtenBytes } from '../../container/size.ts';
import { flocks } from '../../host/locks.ts';
import { hasLabels } from '../../image/match.ts';
import { containerPaths } from '../../state/paths.ts';
import type { EngineContext } from '../context.ts';
import type { ContainerPruneFilter, PrunedContainers } from '../nouns/containers.ts';
import { tellPruned } from '../system/pruned.ts';
import { unlessGone, withContainerLock } from './lock.ts';
import { reap, removeBundle } from './reap.ts';

/** Removes those of the containers that do not run, and keeps their volumes. */
export async function pruneContainers(
  context: EngineContext,
  containers: readonly ContainerRecord[],
  filter: ContainerPruneFilter,
): Promise<PrunedContainers> {
  const ids: string[] = [];
  let bytes = 0;
  for (const record of containers.filter(one => !isUp(one) && matches(one, filter))) {
    const size = writtenBytes(containerPaths(context.roots, record.id).upper);
    if (!(await removeSettled(context, record))) continue;
    ids.push(record.id);
    bytes += size;
  }
  tellPruned(context.roots, 'container', bytes);
  return { ids, bytes };
}

function matches(
  record: ContainerRecord,
  { until = [], labels = [], withoutLabels = [] }: ContainerPruneFilter,
): boolean {
  return (
    until.every(time => Date.parse(record.created) <= time) &&
    hasLabels(record, labels) &&
    !withoutLabels.some(label => hasLabels(record, [label]))
  );
}

/** A command that starts a container holds its lock until it runs: such a container is skipped. */
async function removeSettled(context: EngineContext, record: ContainerRecord): Promise<boolean | undefined> {
  return await withContainerLock(context, record.id, async () => {
    await reap(context, record.id);
    if (observe(context.roots, record.id, flocks).kind !== 'settled') return false;
    if (context.store.read(record.id)?.state.status === 'restarting') return false;
    await removeBundle(context, record, { volumes: false });
    return true;
  }).catch(unlessGone);
}
