import path from 'node:path';
import { type Observation, observe, stateOf } from '../../container/observe.ts';
import type { ContainerOptions, ContainerRecord, ContainerState } from '../../container/record.ts';
import { sweepVolumes } from '../../container/volume-content.ts';
import { MinidockError } from '../../errors.ts';
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
import type { EngineContext } from '../context.ts';
import { takeVolumesAway } from '../volumes/in-use.ts';
import { tell } from './events.ts';
import { unlessFull, unlessGone, withContainerLock } from './lock.ts';

/**
 * Cleans up after a container whose processes are gone: records how it ended, gives back network and cgroup, and
 * removes it if it was run with --rm. It does nothing to a container that runs or was cleaned up already, so it may be
 * called at any time, twice, and after it was killed half-way. The caller holds the container's lock.
 *
 * Where the disk is full and the end cannot be recorded, it throws that error and leaves run directory and cgroup, from
 * which a later call learns how the container ended. `forRemoval` records nothing, because the record is about to be
 * removed.
 */
export async function reap(context: EngineContext, id: string, { forRemoval = false } = {}): Promise<void> {
  const record = context.store.read(id);
  if (record === undefined) return;
  const seen = observe(context.roots, id, flocks);
  switch (seen.kind) {
    case 'settled':
    case 'starting':
    case 'running':
      return;
    case 'abandoned':
      if (record.state.status === 'running' && !forRemoval)
        await writeDown(context, record, stateOf(record.state, seen));
      return await cleanUp(context, record, { remove: record.options.autoRemove });
    case 'ended':
    case 'lost': {
      if (seen.kind === 'lost') await endProcesses(context, id);
      const { autoRemove } = record.options;
      const state = stateAtEnd(context, record, seen);
      if (!autoRemove && !forRemoval) await writeDown(context, record, state);
      tell(context, record, 'die', { exitCode: String(state.exitCode) });
      return await cleanUp(context, record, { remove: autoRemove });
    }
  }
}

function stateAtEnd(context: EngineContext, { id, state }: ContainerRecord, seen: Observation): ContainerState {
  const ended = stateOf(state, seen);
  const oomKilled = context.cgroups.oomKilled(`${cgroupParent(context.roots)}/${id}`) ?? false;
  const outOfMemory = 'out of memory: the kernel ended a process at the memory limit';
  return { ...ended, oomKilled, ...(oomKilled && ended.error === '' && { error: outOfMemory }) };
}

async function writeDown(context: EngineContext, record: ContainerRecord, state: ContainerState): Promise<void> {
  try {
    context.store.write({ ...record, state });
  } catch (error) {
    // Other containers need address and ports, even where the record cannot be written.
    await releaseNetwork(context, record);
    throw error;
  }
}

/** Ends what a killed supervisor left: the kernel clears its signal for a process that becomes another user by itself. */
async function endProcesses({ roots, cgroups }: EngineContext, id: string): Promise<void> {
  const group = `${cgroupParent(roots)}/${id}`;
  if (cgroups.pids(group).length > 0) await cgroups.killAll(group);
}

/**
 * Reaps a container and returns its record as it is now, with the end even where that could not be recorded on disk. A
 * container whose supervisor was killed still counts as running while its processes hang in the kernel.
 */
export async function bringToRest(context: EngineContext, id: string): Promise<ContainerRecord | undefined> {
  await withContainerLock(context, id, () => reap(context, id)).catch(unlessBusy);
  const record = context.store.read(id);
  if (record === undefined) return undefined;
  const seen = observe(context.roots, id, flocks);
  if (seen.kind === 'lost' && context.cgroups.pids(`${cgroupParent(context.roots)}/${id}`).length > 0) return record;
  const isPending = seen.kind === 'ended' || seen.kind === 'lost';
  return { ...record, state: isPending ? stateAtEnd(context, record, seen) : stateOf(record.state, seen) };
}

function unlessBusy(error: unknown): undefined {
  if (error instanceof MinidockError && error.code === 'cgroup-busy') return undefined;
  return unlessFull(error);
}

/** The parts of a record that cleaning up needs. Where `ports` is missing, which ports were published is not known. */
export type Remains = Pick<ContainerRecord, 'id' | 'name' | 'mounts' | 'network'> & {
  options: Pick<ContainerOptions, 'network'> & Partial<Pick<ContainerOptions, 'ports'>>;
};

/**
 * Gives back what a container holds while it runs. The run directory is removed last: after a crash in between, it
 * shows that cleaning up is not finished.
 */
export async function cleanUp(context: EngineContext, record: Remains, options: { remove: boolean }): Promise<void> {
  const paths = containerPaths(context.roots, record.id);
  const group = `${cgroupParent(context.roots)}/${record.id}`;
  await endProcesses(context, record.id);
  await Promise.all([context.cgroups.remove(group), releaseNetwork(context, record)]);
  try {
    if (options.remove) await removeBundle(context, record);
  } finally {
    removeTree(paths.run);
  }
}

async function releaseNetwork(context: EngineContext, record: Remains): Promise<void> {
  if (record.options.network !== 'bridge') return;
  const { bundle } = containerPaths(context.roots, record.id);
  const network = { bridge: context.bridge, directory: networkDirectory(context.roots, context.bridge) };
  if (record.options.ports?.length !== 0) {
    const { ipAddress, ports } = record.network;
    await removePorts(network, record.id.slice(0, 12), ipAddress ? { address: ipAddress, ports } : undefined);
  }
  await withLock(enginePaths(context.roots).allocation, () => {
    releaseAddress(network, bundle);
    releasePorts(network, bundle);
  });
}

/**
 * Removes bundle, name, and the anonymous volumes that were made for the container. It removes all that it can before
 * it throws `cannot-remove`.
 */
export async function removeBundle(
  context: EngineContext,
  record: Pick<ContainerRecord, 'id' | 'name' | 'mounts'>,
  options = { volumes: true },
): Promise<void> {
  const { allocation } = enginePaths(context.roots);
  // Under the lock under which containers are entered: another one that is given the volume by name either has it by now, and
  // then it stays, or makes a new one.
  const gone = await withLock(allocation, () => [
    ...context.store.takeAway(record),
    ...(options.volumes ? takeVolumesAway(context, record.mounts) : []),
  ]);
  tell(context, record, 'destroy');
  const [failure] = removeTrees(gone);
  if (failure !== undefined) throw failure;
}

/**
 * Reaps every container that waits for it, each under its lock. Returns how many were reaped. A container that cannot
 * be reaped, because its record is broken or the disk is full, does not stop the others; the next command about it
 * reports the reason.
 */
export async function reapAll(context: EngineContext): Promise<number> {
  let count = 0;
  for (const id of context.store.ids()) {
    const seen = observe(context.roots, id, flocks);
    if (seen.kind !== 'ended' && seen.kind !== 'lost' && seen.kind !== 'abandoned') continue;
    try {
      await withContainerLock(context, id, () => reap(context, id)).catch(unlessGone);
      count++;
    } catch {}
  }
  await sweep(context);
  return count;
}

/** Removes what killed commands left, and what could not be removed before. */
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

/** Run directories without a bundle are left where the removal of both was killed or failed in between. */
function sweepRunDirectories(context: EngineContext): void {
  const { execRoot } = context.roots;
  // Run directories are listed before bundles: a container that is made meanwhile gets its bundle first.
  const found = listIfPresent(execRoot).filter(name => /^[0-9a-f]{12}$/.test(name));
  const known = new Set(context.store.ids().map(id => id.slice(0, 12)));
  const unused = found.filter(
    name => !known.has(name) && !['running', 'starting'].includes(observe(context.roots, name, flocks).kind),
  );
  removeTrees(unused.map(name => path.join(execRoot, name)));
}
