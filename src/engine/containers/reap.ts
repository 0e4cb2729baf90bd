import fs from 'node:fs';
import { withHealth } from '../../container/keeping/health.ts';
import { stateAfterEnd } from '../../container/keeping/restart.ts';
import { isForwarded } from '../../container/logging/config.ts';
import { isWrittenDown, type Observation, observe, stateOf, whoStopped } from '../../container/observe.ts';
import type { ContainerOptions, ContainerRecord, ContainerState } from '../../container/record.ts';
import { MinidockError } from '../../errors.ts';
import { timestamp } from '../../host/clock.ts';
import { flocks } from '../../host/locks.ts';
import { releaseAddress } from '../../network/addresses.ts';
import { endpointsOf, gatewayEndpoint, type NetworkEndpoint, usesNames } from '../../network/attachment.ts';
import { toPublish } from '../../network/firewall/port-rules.ts';
import { type Network, networkDirectory } from '../../network/network.ts';
import { releasePorts } from '../../network/ports/ephemeral.ts';
import { removePorts } from '../../network/ports/publish.ts';
import { takesNothing } from '../../state/files.ts';
import { markKept, wakeKeeper } from '../../state/kept.ts';
import { withLock } from '../../state/lock.ts';
import { cgroupParent, containerPaths, enginePaths } from '../../state/paths.ts';
import { removeTree, removeTrees } from '../../state/remove-tree.ts';
import { setAside } from '../../state/set-aside.ts';
import type { EngineContext } from '../context.ts';
import { endExecs } from '../execs/reap.ts';
import { release } from '../keeping/stopped.ts';
import { tellConnections } from '../networks/events.ts';
import { removeCables } from '../networks/live/cables.ts';
import { tellUnmounted } from '../volumes/events.ts';
import { takeVolumesAway } from '../volumes/in-use.ts';
import { tell } from './events.ts';
import { killsOf, tellKills } from './kills.ts';
import { unlessFull, withContainerLock } from './lock.ts';

/**
 * Cleans up after a container whose processes are gone: records how it ended, gives back network and cgroup, and
 * removes it if it was run with --rm. It does nothing to a container that runs or was cleaned up already, so it may be
 * called at any time, twice, and after it was killed half-way. The caller holds the container's lock.
 *
 * Where the disk is full and the end cannot be recorded, it throws that error and leaves run directory and cgroup, from
 * which a later call learns how the container ended. With `remove` nothing is recorded, and the container goes with what it
 * held; `keep` leaves a container of `--rm` there, for a start that follows at once. Returns whether the container was removed.
 */
export async function reap(
  context: EngineContext,
  id: string,
  { remove, keep = false }: { remove?: Removal; keep?: boolean } = {},
): Promise<boolean> {
  const record = context.store.read(id);
  if (record === undefined) return false;
  const removal = record.options.autoRemove && !keep ? { volumes: true } : remove;
  const seen = observe(context.roots, id, flocks);
  switch (seen.kind) {
    case 'settled':
      return record.state.status === 'running' && (await endWithBoot(context, record));
    case 'starting':
    case 'running':
      return false;
    case 'abandoned': {
      const state = stateOf(record.state, seen);
      if (state.status === 'restarting') markKept(context.roots, id);
      if (record.state.status === 'running' && remove === undefined) await writeDown(context, record, state);
      await cleanUp(context, record, removal, seen);
      break;
    }
    case 'ended':
    case 'lost': {
      if (seen.kind === 'lost') await endProcesses(context, id);
      if (isForwarded(record)) await (await import('../keeping/delivery.ts')).deliverRest(context, record);
      const kills = killsOf(context, id) ?? 0;
      const ended = stateAtEnd(context, record, seen, kills);
      const isStartedAtOnce = keep && record.options.restart !== undefined;
      const state = isStartedAtOnce ? startedAtOnce(ended) : ended;
      const waits = state.status === 'restarting' && remove === undefined;
      if (waits) markKept(context.roots, id);
      if (waits && seen.kind === 'ended' && seen.supervised)
        // It holds the mounts for as long as a client takes output, and the next start mounts the same layer.
        await (await import('./stop.ts')).dismissSupervisor(context, record);
      if (removal === undefined) await writeDown(context, record, record.options.autoRemove ? stillUp(state) : state);
      if (!seen.told) {
        endExecs(context, record);
        tellKills(context, record, kills);
        tell(context, record, 'die', { exitCode: String(state.exitCode) });
        tellConnections(context, record, 'disconnect');
      }
      await cleanUp(context, record, removal, seen);
      // The keeper can stop probing, sending lines and answering names for it.
      if (state.health !== undefined || isForwarded(record) || usesNames(record)) wakeKeeper(context.roots);
      // A failure is no reason to fail here: the next command finds the marker and tries again.
      if (waits && !isStartedAtOnce) await callKeeper(context).catch(() => {});
    }
  }
  return removal !== undefined;
}

/**
 * A container of `--rm` that is about to be started again: should the command that does so be killed before, its record says that it runs
 * and nothing of it does, as after a reboot, and the next command removes it.
 */
const stillUp = (state: ContainerState): ContainerState => ({ ...state, status: 'running' });

/** The same for one with a restart policy: it waits for a start, which then is the keeper's. */
const startedAtOnce = ({ stopped, ...state }: ContainerState): ContainerState => ({
  ...state,
  status: 'restarting',
  restarts: { count: 0, delayMs: 0 },
});

/** What goes with a container: with `volumes` the anonymous ones that were made for it. */
export interface Removal {
  readonly volumes: boolean;
}

/**
 * A container that was running when the machine went down: its run directory went with the exec root. Docker's exit code
 * of an end that nobody saw is 255. Returns whether it was one of `--rm`, and is removed.
 */
async function endWithBoot(context: EngineContext, record: ContainerRecord): Promise<boolean> {
  const { autoRemove } = record.options;
  const ended = { status: 'exited' as const, pid: 0, exitCode: 255, finishedAt: timestamp() };
  if (!autoRemove) await writeDown(context, record, { ...record.state, ...ended, error: bootReason });
  await cleanUp(context, record, autoRemove ? { volumes: true } : undefined);
  return autoRemove;
}

const bootReason = 'the machine went down while it ran';

function stateAtEnd(
  { roots }: EngineContext,
  record: ContainerRecord,
  seen: Observation,
  kills: number,
): ContainerState {
  const { id, options } = record;
  if (isWrittenDown(record.state, seen)) return record.state;
  const ended = withHealth(roots, record, stateOf(record.state, seen));
  const oomKilled = kills > 0;
  const outOfMemory = 'out of memory: the kernel ended a process at the memory limit';
  const state = { ...ended, oomKilled, ...(oomKilled && ended.error === '' && { error: outOfMemory }) };
  // Without a policy nobody has written down who stopped it (../keeping/stopped.ts).
  return stateAfterEnd(options.restart, state, options.restart && whoStopped(roots, id));
}

/** Loaded only here: most ends need no keeper, and the code that starts a process is many times as large as the rest. */
async function callKeeper(context: EngineContext): Promise<void> {
  await (await import('../keeping/call.ts')).callKeeper(context);
}

async function writeDown(context: EngineContext, record: ContainerRecord, state: ContainerState): Promise<void> {
  try {
    context.store.write({ ...record, state });
  } catch (error) {
    // The address and ports are given back even where the record cannot be written: other containers need them.
    await releaseNetwork(context, record);
    throw error;
  }
}

/**
 * Kills processes that outlived a killed supervisor: the kernel clears their parent-death signal when they change their user by
 * themselves.
 */
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
  if (!isPending) return { ...record, state: stateOf(record.state, seen) };
  return { ...record, state: stateAtEnd(context, record, seen, killsOf(context, id) ?? 0) };
}

function unlessBusy(error: unknown): undefined {
  if (error instanceof MinidockError && error.code === 'cgroup-busy') return undefined;
  return unlessFull(error);
}

/** The parts of a record that cleaning up needs. Where `network` has no address, which ports were published is not known. */
export type Remains = Pick<ContainerRecord, 'id' | 'name' | 'mounts' | 'network'> & {
  options: Partial<Pick<ContainerOptions, 'ports' | 'publishAll' | 'restart'>>;
};

/**
 * Gives back what a container holds while it runs, and removes it where that is wanted. The run directory is removed last: after
 * a crash in between, it shows that cleaning up is not finished. Where it fails that is tried again, once a second by the keeper, and
 * the events that the caller and this have written are not (`told`).
 */
export async function cleanUp(
  context: EngineContext,
  record: Remains,
  removal: Removal | undefined,
  { told } = { told: false },
): Promise<void> {
  const { run, endTold } = containerPaths(context.roots, record.id);
  const group = `${cgroupParent(context.roots)}/${record.id}`;
  if (!told && fs.existsSync(run)) tellUnmounted(context.roots, record);
  try {
    await endProcesses(context, record.id);
    await Promise.all([context.cgroups.remove(group), releaseNetwork(context, record)]);
    try {
      if (removal !== undefined) await removeBundle(context, record, removal);
    } finally {
      removeRunDirectory(context.roots.execRoot, run);
    }
  } catch (error) {
    if (!told) markTold(endTold);
    throw error;
  }
}

function markTold(file: string): void {
  try {
    fs.writeFileSync(file, '');
  } catch {
    // The run directory is gone, and nothing is tried again; or a full disk has no room for the marker.
  }
}

/**
 * In one step: without its exit record a container looks as if it ran, to whoever looks while files are removed one by one. Only a
 * full disk, which has no room for another name, gets it file by file.
 */
function removeRunDirectory(execRoot: string, run: string): void {
  let gone: string | undefined = run;
  try {
    gone = setAside(execRoot, run);
  } catch (error) {
    if (!takesNothing(error)) throw error;
  }
  if (gone !== undefined) removeTree(gone);
}

async function releaseNetwork(context: EngineContext, record: Remains): Promise<void> {
  if (record.network.mode !== 'bridge') return;
  const { bundle } = containerPaths(context.roots, record.id);
  if (fs.existsSync(containerPaths(context.roots, record.id).sharedNetwork))
    await removeCables(record.network.endpoints);
  const { endpoints } = record.network;
  const places = (await Promise.all(endpoints.map(one => placesOf(context, one)))).flat();
  const own = networkDirectory(context.roots, context.bridge);
  const mayPublish = record.options.ports?.length !== 0 || record.options.publishAll;
  if (mayPublish) {
    // A command that was killed may have published them, or have been about to move them.
    const known = endpoints.some(one => one.unfinished || one.interface === undefined) ? undefined : toPublish(record);
    const gateway = gatewayEndpoint(endpointsOf(record))?.bridge || context.bridge;
    for (const place of places)
      if (known === undefined || place.bridge === gateway) await removePorts(place, record.id.slice(0, 12), known);
  }
  await withLock(enginePaths(context.roots).allocation, () => {
    for (const { directory } of places) releaseAddress({ directory }, bundle);
    if (mayPublish) releasePorts({ directory: own }, bundle);
  });
}

/**
 * Bridge and directory of one of a container's networks; none where it is gone. Before the first start on a network that a user made
 * the record holds its name alone.
 */
async function placesOf(
  context: EngineContext,
  one: NetworkEndpoint,
): Promise<Pick<Network, 'bridge' | 'directory'>[]> {
  const { roots, bridge } = context;
  if (one.network === 'bridge' || (one.networkId !== undefined && one.bridge !== undefined))
    return [{ bridge: one.bridge || bridge, directory: networkDirectory(roots, one.networkId ?? bridge) }];
  const { definitionOf } = await import('../networks/defined.ts');
  const definition = definitionOf(context, one);
  return definition ? [{ bridge: definition.bridge, directory: networkDirectory(roots, definition.id) }] : [];
}

/**
 * Removes bundle, name, and the anonymous volumes that were made for the container. It removes all that it can before
 * it throws `cannot-remove`.
 */
export async function removeBundle(
  context: EngineContext,
  record: Pick<ContainerRecord, 'id' | 'name' | 'mounts'>,
  { volumes }: Removal,
): Promise<void> {
  const { allocation } = enginePaths(context.roots);
  // Under the lock that also guards the creation of containers: a container that names the volume either counts as its user by
  // now, and the volume stays, or is made later and makes a new one.
  const gone = await withLock(allocation, () => [
    ...context.store.takeAway(record),
    ...(volumes ? takeVolumesAway(context, record.mounts) : []),
  ]);
  release(context.roots, record.id);
  tell(context, record, 'destroy');
  const [failure] = removeTrees(gone);
  if (failure !== undefined) throw failure;
}
