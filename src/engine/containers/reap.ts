import path from 'node:path';
import { lostReason, observe, stateOf } from '../../container/observe.ts';
import type { ContainerOptions, ContainerRecord } from '../../container/record.ts';
import { isBroken } from '../../container/store.ts';
import { sweepVolumes } from '../../container/volume-content.ts';
import { flocks } from '../../host/locks.ts';
import { releaseAddress } from '../../network/addresses.ts';
import { networkDirectory } from '../../network/network.ts';
import { releasePorts } from '../../network/ports/ephemeral.ts';
import { removePorts } from '../../network/ports/publish.ts';
import { listIfPresent } from '../../state/files.ts';
import { withLock } from '../../state/lock.ts';
import { cgroupParent, containerPaths, enginePaths } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import type { EngineParts } from '../context.ts';
import { tell } from './events.ts';
import { unlessGone, withContainerLock } from './lock.ts';
import { removeAnonymous } from './volumes-in-use.ts';

/**
 * Brings a container whose processes are gone to rest: writes down how it ended, gives back network and cgroup, removes
 * it where it was run with --rm. Does nothing to one that runs or rests already, so it may be called at any time, twice,
 * and after being killed half-way. The caller holds the container's lock.
 */
export async function reap(parts: EngineParts, id: string): Promise<void> {
  const record = parts.store.read(id);
  if (record === undefined) return;
  const seen = observe(parts.roots, id, flocks);
  switch (seen.kind) {
    case 'settled':
    case 'starting':
    case 'running':
      return;
    case 'abandoned':
      // Whoever started it may have written it down as running before the command failed.
      if (record.state.status === 'running') {
        record.state = { ...record.state, status: 'created', pid: 0 };
        parts.store.write(record);
      }
      return await cleanUp(parts, record, { remove: seen.starting?.removeOnFailure ?? false });
    case 'ended':
    case 'lost': {
      const oomKilled = parts.cgroups.oomKilled(`${cgroupParent(parts.roots)}/${id}`) ?? false;
      record.state = { ...stateOf(record.state, seen), oomKilled, ...(seen.kind === 'lost' && { error: lostReason }) };
      if (oomKilled && record.state.error === '')
        record.state.error = 'out of memory: the kernel ended a process at the memory limit';
      tell(parts, record, 'die', { exitCode: String(record.state.exitCode) });
      if (!record.options.autoRemove) parts.store.write(record);
      return await cleanUp(parts, record, { remove: record.options.autoRemove });
    }
  }
}

/** A container as far as its end needs it known. One without `ports` may have published any. */
export type Remains = Pick<ContainerRecord, 'id' | 'name' | 'mounts' | 'network'> & {
  options: Pick<ContainerOptions, 'network'> & Partial<Pick<ContainerOptions, 'ports'>>;
};

/**
 * Gives back what a container holds while it runs. The order matters after a crash in between: the run directory goes last,
 * since it is what says that there is still something to do.
 */
export async function cleanUp(parts: EngineParts, record: Remains, options: { remove: boolean }): Promise<void> {
  const paths = containerPaths(parts.roots, record.id);
  const group = `${cgroupParent(parts.roots)}/${record.id}`;
  // A supervisor that was killed has taken its child along, but for one that became another user since.
  if (parts.cgroups.pids(group).length > 0) await parts.cgroups.killAll(group);
  await Promise.all([parts.cgroups.remove(group), releaseNetwork(parts, record)]);
  if (options.remove) await removeBundle(parts, record);
  removeTree(paths.run);
}

async function releaseNetwork(parts: EngineParts, record: Remains): Promise<void> {
  if (record.options.network !== 'bridge') return;
  const { bundle } = containerPaths(parts.roots, record.id);
  const network = { bridge: parts.bridge, directory: networkDirectory(parts.roots, parts.bridge) };
  if (record.options.ports?.length !== 0) {
    const { ipAddress, ports } = record.network;
    await removePorts(network, record.id.slice(0, 12), ipAddress ? { address: ipAddress, ports } : undefined);
  }
  await withLock(enginePaths(parts.roots).allocation, () => {
    releaseAddress(network, bundle);
    releasePorts(network, bundle);
  });
}

/** Bundle, name, and the anonymous volumes that were made for it. */
export async function removeBundle(
  parts: EngineParts,
  record: Pick<ContainerRecord, 'id' | 'name' | 'mounts'>,
  options = { volumes: true },
): Promise<void> {
  await withLock(enginePaths(parts.roots).allocation, () => parts.store.delete(record));
  tell(parts, record, 'destroy');
  if (options.volumes) removeAnonymous(parts, record.mounts);
}

/**
 * Reaps every container that waits for it, each under its lock. Returns how many there were. One whose record is broken
 * waits for `rm -f` and keeps nobody else waiting.
 */
export async function reapAll(parts: EngineParts): Promise<number> {
  let count = 0;
  for (const id of parts.store.ids()) {
    const seen = observe(parts.roots, id, flocks);
    if (seen.kind !== 'ended' && seen.kind !== 'lost' && seen.kind !== 'abandoned') continue;
    try {
      await withContainerLock(parts, id, () => reap(parts, id)).catch(unlessGone);
      count++;
    } catch (error) {
      if (!isBroken(error)) throw error;
    }
  }
  parts.store.sweep();
  sweepVolumes(enginePaths(parts.roots).volumes);
  sweepRunDirectories(parts);
  return count;
}

/** Run directories without a bundle: whoever removed both was killed, or met an error, in between. */
function sweepRunDirectories(parts: EngineParts): void {
  const { execRoot } = parts.roots;
  // Looked at before the bundles: a container that is made meanwhile has its bundle first.
  const found = listIfPresent(execRoot).filter(name => /^[0-9a-f]{12}$/.test(name));
  const known = new Set(parts.store.ids().map(id => id.slice(0, 12)));
  for (const name of found) {
    if (known.has(name)) continue;
    const { kind } = observe(parts.roots, name, flocks);
    if (kind !== 'running' && kind !== 'starting') removeTree(path.join(execRoot, name));
  }
}
