import fs from 'node:fs';
import { eventually } from '../../cgroup/files.ts';
import { observe } from '../../container/observe.ts';
import type { ContainerRecord } from '../../container/record.ts';
import { flocks } from '../../host/locks.ts';
import { readIfPresent, writeVolatile } from '../../state/files.ts';
import { cgroupParent, containerPaths } from '../../state/paths.ts';
import type { EngineContext } from '../context.ts';
import { tell } from './events.ts';
import { unlessGone, withContainerLock } from './lock.ts';

/**
 * How many processes of a container the kernel has killed at the memory limit in this run; undefined where the kernel does not
 * count them.
 */
export const killsOf = ({ roots, cgroups }: EngineContext, id: string): number | undefined =>
  cgroups.oomKills(`${cgroupParent(roots)}/${id}`);

/**
 * Writes one event `oom` where the kernel's count has grown since the last one; returns whether it has. The caller holds the
 * container's lock.
 */
export function tellKills(context: EngineContext, record: ContainerRecord, kills: number): boolean {
  if (kills === 0 || kills <= told(context, record.id)) return false;
  tell(context, record, 'oom');
  return true;
}

const told = ({ roots }: EngineContext, id: string) => Number(readIfPresent(containerPaths(roots, id).killsTold) ?? 0);

/** The kernel announces a kill (version 1 of cgroups) a moment before it counts it. */
const COUNTED_MS = 1000;

/** As `tellKills`, for a running container whose supervisor was notified of a kill. */
export async function tellKillsOfRunning(context: EngineContext, id: string): Promise<void> {
  const { killed, killsTold } = containerPaths(context.roots, id);
  fs.rmSync(killed, { force: true });
  await eventually(COUNTED_MS, () => (killsOf(context, id) ?? 0) > told(context, id));
  await withContainerLock(context, id, async () => {
    const record = context.store.read(id);
    if (record === undefined || observe(context.roots, id, flocks).kind !== 'running') return;
    const kills = killsOf(context, id) ?? 0;
    if (tellKills(context, record, kills)) writeVolatile(killsTold, String(kills));
  }).catch(unlessGone);
}
