import path from 'node:path';
import { type Observation, observe, stateOf } from '../../container/observe.ts';
import type { ContainerOptions, ContainerRecord, ContainerState } from '../../container/record.ts';
import { sweepVolumes } from '../../container/volume-content.ts';
import { flocks } from '../../host/locks.ts';
import { releaseAddress } from '../../network/addresses.ts';
import { sweepLeases } from '../../network/leases.ts';
import { leaseDirectories, networkDirectory } from '../../network/network.ts';
import { releasePorts } from '../../network/ports/ephemeral.ts';
import { removePorts } from '../../network/ports/publish.ts';
import { listIfPresent } from '../../state/files.ts';
import { withLock } from '../../state/lock.ts';
import { cgroupParent, containerPaths, enginePaths } from '../../state/paths.ts';
import { removeTree, removeTrees } from '../../state/remove-tree.ts';
import type { EngineParts } from '../context.ts';
import { anonymousVolumesOf } from '../volumes/in-use.ts';
import { tell } from './events.ts';
import { unlessFull, unlessGone, withContainerLock } from './lock.ts';

/**
 * Brings a container whose processes are gone to rest: writes down how it ended, gives back network and cgroup, removes
 * it where it was run with --rm. Does nothing to one that runs or rests already, so it may be called at any time, twice,
 * and after being killed half-way. The caller holds the container's lock.
 *
 * Where the end cannot be written down, since the disk is full, it throws that error, and run directory and cgroup stay: they are
 * what is known of the end until a later call. `forRemoval` writes nothing: the record is about to go.
 */
export async function reap(parts: EngineParts, id: string, { forRemoval = false } = {}): Promise<void> {
  const record = parts.store.read(id);
  if (record === undefined) return;
  const seen = observe(parts.roots, id, flocks);
  switch (seen.kind) {
    case 'settled':
    case 'starting':
    case 'running':
      return;
    case 'abandoned':
      if (record.state.status === 'running' && !forRemoval) await writeDown(parts, record, stateOf(record.state, seen));
      return await cleanUp(parts, record, { remove: seen.starting?.removeOnFailure ?? false });
    case 'ended':
    case 'lost': {
      const { autoRemove } = record.options;
      const state = stateAtEnd(parts, record, seen);
      if (!autoRemove && !forRemoval) await writeDown(parts, record, state);
      tell(parts, record, 'die', { exitCode: String(state.exitCode) });
      return await cleanUp(parts, record, { remove: autoRemove });
    }
  }
}

function stateAtEnd(parts: EngineParts, { id, state }: ContainerRecord, seen: Observation): ContainerState {
  const ended = stateOf(state, seen);
  const oomKilled = parts.cgroups.oomKilled(`${cgroupParent(parts.roots)}/${id}`) ?? false;
  const outOfMemory = 'out of memory: the kernel ended a process at the memory limit';
  return { ...ended, oomKilled, ...(oomKilled && ended.error === '' && { error: outOfMemory }) };
}

async function writeDown(parts: EngineParts, record: ContainerRecord, state: ContainerState): Promise<void> {
  try {
    parts.store.write({ ...record, state });
  } catch (error) {
    // Address and ports are for others, whatever becomes of the record.
    await releaseNetwork(parts, record);
    throw error;
  }
}

/** Reaps a container that nobody else will and tells what it is now, its end also where that cannot be written down. */
export async function bringToRest(parts: EngineParts, id: string): Promise<ContainerRecord | undefined> {
  await withContainerLock(parts, id, () => reap(parts, id)).catch(unlessFull);
  const record = parts.store.read(id);
  if (record === undefined) return undefined;
  const seen = observe(parts.roots, id, flocks);
  const isPending = seen.kind === 'ended' || seen.kind === 'lost';
  return { ...record, state: isPending ? stateAtEnd(parts, record, seen) : stateOf(record.state, seen) };
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
  try {
    if (options.remove) await removeBundle(parts, record);
  } finally {
    removeTree(paths.run);
  }
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

/** Bundle, name, and the anonymous volumes that were made for it. Throws `cannot-remove` after all that can go is gone. */
export async function removeBundle(
  parts: EngineParts,
  record: Pick<ContainerRecord, 'id' | 'name' | 'mounts'>,
  options = { volumes: true },
): Promise<void> {
  const bundle = await withLock(enginePaths(parts.roots).allocation, () => parts.store.takeAway(record));
  tell(parts, record, 'destroy');
  const [failure] = removeTrees([...bundle, ...(options.volumes ? anonymousVolumesOf(parts, record.mounts) : [])]);
  if (failure !== undefined) throw failure;
}

/**
 * Reaps every container that waits for it, each under its lock. Returns how many came to rest. One that cannot, since its record
 * is broken or the disk is full, keeps nobody else waiting: whoever asks for it is told.
 */
export async function reapAll(parts: EngineParts): Promise<number> {
  let count = 0;
  for (const id of parts.store.ids()) {
    const seen = observe(parts.roots, id, flocks);
    if (seen.kind !== 'ended' && seen.kind !== 'lost' && seen.kind !== 'abandoned') continue;
    try {
      await withContainerLock(parts, id, () => reap(parts, id)).catch(unlessGone);
      count++;
    } catch {}
  }
  await sweep(parts);
  return count;
}

/** Removes what killed commands left, and what could not be removed before. */
async function sweep(parts: EngineParts): Promise<void> {
  parts.store.sweep();
  sweepVolumes(enginePaths(parts.roots).volumes);
  sweepRunDirectories(parts);
  // Names and leases are links that are made before what they point to: only under this lock is a dangling one free.
  await withLock(enginePaths(parts.roots).allocation, () => {
    parts.store.sweepNames();
    for (const directory of leaseDirectories(parts.roots)) sweepLeases(directory);
  }).catch(unlessFull);
}

/** Run directories without a bundle: whoever removed both was killed, or met an error, in between. */
function sweepRunDirectories(parts: EngineParts): void {
  const { execRoot } = parts.roots;
  // Looked at before the bundles: a container that is made meanwhile has its bundle first.
  const found = listIfPresent(execRoot).filter(name => /^[0-9a-f]{12}$/.test(name));
  const known = new Set(parts.store.ids().map(id => id.slice(0, 12)));
  const unused = found.filter(
    name => !known.has(name) && !['running', 'starting'].includes(observe(parts.roots, name, flocks).kind),
  );
  removeTrees(unused.map(name => path.join(execRoot, name)));
}
