import fs from 'node:fs';
import path from 'node:path';
import { observe } from '../container/observe.ts';
import { sweepVolumes } from '../container/volume-content.ts';
import { tellKillsOfRunning } from '../engine/containers/kills.ts';
import { unlessFull, unlessGone, withContainerLock } from '../engine/containers/lock.ts';
import { reap } from '../engine/containers/reap.ts';
import type { EngineContext } from '../engine/context.ts';
import { reapExecs } from '../engine/execs/reap.ts';
import { execsIn } from '../engine/execs/record.ts';
import { flocks } from '../host/locks.ts';
import { sweepLeases } from '../network/leases.ts';
import { leaseDirectories } from '../network/network.ts';
import { listIfPresent } from '../state/files.ts';
import { withLock } from '../state/lock.ts';
import { containerPaths, enginePaths } from '../state/paths.ts';
import { removeTrees } from '../state/remove-tree.ts';
import { asideIn } from '../state/set-aside.ts';

/**
 * Reaps every container that has ended, each under its lock, and reports what supervisors were notified of. Returns how many
 * were reaped. A container that cannot be reaped, because its record is broken or the disk is full, does not stop the others;
 * the next command about it reports the reason. The ends of execs in running containers are reported as well.
 */
export async function reapAll(context: EngineContext): Promise<number> {
  let count = 0;
  for (const id of context.store.ids()) {
    if (fs.existsSync(containerPaths(context.roots, id).killed)) await tellKillsOfRunning(context, id).catch(() => {});
    const seen = observe(context.roots, id, flocks);
    if (seen.kind === 'running') count += reapExecsOf(context, id);
    if (seen.kind !== 'ended' && seen.kind !== 'lost' && seen.kind !== 'abandoned') continue;
    try {
      await withContainerLock(context, id, () => reap(context, id)).catch(unlessGone);
      count++;
    } catch {}
  }
  await sweep(context);
  return count;
}

/** Reports the ends of execs whose clients have gone. */
function reapExecsOf(context: EngineContext, id: string): number {
  if (execsIn(context.roots, id).length === 0) return 0;
  try {
    const record = context.store.read(id);
    return record === undefined ? 0 : reapExecs(context, record);
  } catch {
    return 0;
  }
}

/** Removes what killed commands left, and what could not be removed earlier. */
async function sweep(context: EngineContext): Promise<void> {
  context.store.sweep();
  sweepVolumes(enginePaths(context.roots).volumes);
  sweepRunDirectories(context);
  // Names and leases are links that are made before their targets exist: only under this lock does a dangling link mean
  // a free name or lease.
  await withLock(enginePaths(context.roots).allocation, () => {
    context.store.sweepNames();
    for (const directory of leaseDirectories(context.roots)) sweepLeases(directory);
  }).catch(unlessFull);
}

/** Run directories without a bundle, or half-removed ones, are left where the removal was killed or failed in between. */
function sweepRunDirectories(context: EngineContext): void {
  const { execRoot } = context.roots;
  // Run directories are listed before bundles: a container that is made meanwhile gets its bundle first.
  const found = listIfPresent(execRoot).filter(name => /^[0-9a-f]{12}$/.test(name));
  const known = new Set(context.store.ids().map(id => id.slice(0, 12)));
  const unused = found.filter(
    name => !known.has(name) && !['running', 'starting'].includes(observe(context.roots, name, flocks).kind),
  );
  removeTrees([...unused.map(name => path.join(execRoot, name)), ...asideIn(execRoot)]);
}
