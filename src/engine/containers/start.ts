import fs from 'node:fs';
import { healthCheckOf } from '../../container/keeping/health.ts';
import { isForwarded } from '../../container/logging/config.ts';
import { observe, type Running, type Starting } from '../../container/observe.ts';
import { workingDirectoryError } from '../../container/process/execute.ts';
import type { ContainerRecord, ContainerState, Restarts } from '../../container/record.ts';
import { mountPointError } from '../../container/rootfs/mount-point.ts';
import { sysctlError } from '../../container/sysctls.ts';
import { errnoOf, MinidockError } from '../../errors.ts';
import { timestamp } from '../../host/clock.ts';
import { flocks } from '../../host/locks.ts';
import { findIdentity, identityOf } from '../../host/process.ts';
import { endpointsOf, gatewayEndpoint } from '../../network/attachment.ts';
import { hostIptables } from '../../network/firewall/iptables.ts';
import { toPublish } from '../../network/firewall/port-rules.ts';
import { countOwnChange } from '../../network/firewall/rules-seen.ts';
import { networkError } from '../../network/netlink/failure.ts';
import type { Network } from '../../network/network.ts';
import { chosenPortInUse } from '../../network/ports/ephemeral.ts';
import { portError } from '../../network/ports/ports.ts';
import { publishPorts } from '../../network/ports/publish.ts';
import { registerEngine } from '../../state/engines.ts';
import { writeVolatile } from '../../state/files.ts';
import { markKept } from '../../state/kept.ts';
import { containerPaths } from '../../state/paths.ts';
import { StepError } from '../../syscalls/failure.ts';
import { Shim } from '../../syscalls/shim.ts';
import { type Container, compile } from '../compile/compile.ts';
import { containerToCompile } from '../compile/compile-input.ts';
import { type Pieces, pieces } from '../compile/pieces.ts';
import type { EngineContext } from '../context.ts';
import { callKeeper } from '../keeping/call.ts';
import { isServedByKeeper } from '../keeping/served.ts';
import { type Donors, donorsFor, expectSameDonors, markShared } from '../namespaces/donors.ts';
import { attachNetworks, namesReady, readyNetworks } from '../networks/attach.ts';
import { tellConnections } from '../networks/events.ts';
import { guardNetworks } from '../networks/guard.ts';
import { mappingsOf } from '../networks/mappings.ts';
import { LaunchedProcess, type LaunchOptions } from '../processes.ts';
import { tellMounted } from '../volumes/events.ts';
import { recordedExit } from './connection.ts';
import { writeBundle } from './create.ts';
import { tell } from './events.ts';
import { noSuchContainer, unlessFull, withContainerLock } from './lock.ts';
import { cleanUp, reap } from './reap.ts';
import { dismissSupervisor, endSilentSupervisor } from './stop.ts';

type StartOptions = LaunchOptions & {
  /** Kept in the record by the restart policy; a start by a user counts anew. */
  restarts?: Restarts;
};

/**
 * Starts a container that does not run; resolves once its command was executed. Where that fails, everything that was taken is
 * given back, the record says why, and a container of `--rm` is removed. Throws `already-running`.
 */
export async function startContainer(
  context: EngineContext,
  { id }: Pick<ContainerRecord, 'id'>,
  options: LaunchOptions,
): Promise<LaunchedProcess> {
  return await withContainerLock(context, id, () => startLocked(context, id, options));
}

/** As `startContainer`, for a caller that holds the container's lock. The record is read under it: it may have been renamed. */
export async function startLocked(context: EngineContext, id: string, options: StartOptions): Promise<LaunchedProcess> {
  await settle(context, id);
  return await startSettled(context, id, options);
}

/** As `startLocked`, for a container that `settle` was called for. */
export async function startSettled(
  context: EngineContext,
  id: string,
  options: StartOptions,
): Promise<LaunchedProcess> {
  const record = context.store.read(id);
  if (record === undefined) throw noSuchContainer(id);
  registerEngine(context.roots);
  const portsToAvoid = new Set<number>();
  for (;;) {
    const outcome = await attempt(context, record, options, portsToAvoid);
    if (typeof outcome !== 'number') return outcome;
    portsToAvoid.add(outcome);
  }
}

/**
 * Finishes what an earlier run left: an end that was not cleaned up, a start whose command was killed. With `keep` a container of
 * `--rm` stays.
 */
export async function settle(context: EngineContext, id: string, options: { keep?: boolean } = {}): Promise<void> {
  const seen = observe(context.roots, id, flocks);
  if (seen.kind === 'settled' || seen.kind === 'running') return;
  const named = { id, name: context.store.nameOf(id) };
  if (seen.kind === 'ended' && seen.supervised) await dismissSupervisor(context, named);
  if (seen.kind === 'starting') await endSilentSupervisor(context, named);
  await reap(context, id, options);
}

/** How many host ports are chosen for one container before its start fails: each was lost to another process. */
const mostPorts = 10;

/** One start of the container, or the host's port, chosen by us, that another process took meanwhile. */
async function attempt(
  context: EngineContext,
  record: ContainerRecord,
  options: StartOptions,
  portsToAvoid: ReadonlySet<number>,
): Promise<LaunchedProcess | number> {
  const paths = containerPaths(context.roots, record.id);
  const isServed = healthCheckOf(record) !== undefined || isForwarded(record);
  const isKept = isServedByKeeper(record);
  const before = record.state;
  let shim: Shim | undefined;
  try {
    fs.mkdirSync(paths.run, { mode: 0o700 });
    const starting: Starting = { by: identityOf(process.pid), before };
    writeVolatile(paths.starting, JSON.stringify(starting));
    tellMounted(context.roots, record);
    // The shim seals itself while we prepare what it will run.
    const label = record.id.slice(0, 12);
    const { onStep, beforeStep } = options;
    shim = new Shim({ label, memfd: context.facts.features.memfd, onStep, beforeStep });
    if (isForwarded(record)) await (await import('../keeping/delivery.ts')).expectDaemon(record);
    if (isKept) markKept(context.roots, record.id);
    const launched = await launch(context, record, shim, options, portsToAvoid);
    // Where that fails, the next command finds the marker and tries again.
    if (isServed) await callKeeper(context).catch(() => {});
    return launched;
  } catch (error) {
    // Another command started it first.
    if (errnoOf(error) === 'EEXIST' && shim === undefined) throw alreadyRunning(record);
    await shim?.abort();
    const port = portsToAvoid.size < mostPorts ? chosenPortInUse(mappingsOf(record), error) : undefined;
    record.state = port === undefined ? failedState(before, error) : before;
    // What cannot be given back now is left for the next command, so that this one reports why the start failed.
    await giveBack(context, record, record.options.autoRemove && port === undefined).catch(() => {});
    if (port !== undefined) return port;
    throw error;
  }
}

export const alreadyRunning = ({ name }: Pick<ContainerRecord, 'name'>) =>
  new MinidockError('already-running', `container ${name} is already running`);

async function giveBack(context: EngineContext, record: ContainerRecord, remove: boolean): Promise<void> {
  try {
    if (!remove) context.store.write(record);
  } finally {
    await cleanUp(context, record, remove ? { volumes: true } : undefined);
  }
}

async function launch(
  context: EngineContext,
  record: ContainerRecord,
  shim: Shim,
  { streams, window, restarts }: StartOptions,
  portsToAvoid: ReadonlySet<number>,
): Promise<LaunchedProcess> {
  const own = context.pieces ?? pieces;
  const joined = await readyNetworks(context, record, { program: own.bridgeProgram });
  if (record.network.mode === 'bridge') record.network = await attachNetworks(context, record, joined, portsToAvoid);
  const answered = namesReady(context, record);
  const donors = donorsFor(context, record.options);
  if (donors.network) markShared(context, record);
  const container = containerToCompile(context, record, writeBundle(context, record));
  try {
    shim.run(compile(container, context.facts, own));
    await shim.supervised;
    expectSameDonors(context, record.options, donors);
    // This runs while the shim goes on. The command begins only when all of it is done.
    const networks = joined.map(({ network }) => network);
    const { generation } = containerPaths(context.roots, record.id);
    const guarded = networks.length === 0 ? undefined : guardNetworks(context, networks, generation);
    shim.client.cleansUp(true);
    if (streams) shim.client.attach(streams, record.options.attach.stdin);
    if (window) shim.client.resize(window);
    // The shim holds the host's ports from here on. An earlier rule would take connections from another server.
    const published = publish(record, networks, guarded, own.portRules);
    // Wait for all, even where one fails: a rule that is added after the clean-up would stay.
    const ready = unstopped(shim, shim.ready, donors);
    await Promise.allSettled([ready, guarded, published, answered]);
    await Promise.all([ready, guarded, published, answered]);
    writeDown(context, record, shim, restarts);
    // No client stays connected, so the keeper cleans up, however soon the container ends.
    if (streams === undefined) shim.client.cleansUp(false);
    shim.go();
    await unstopped(shim, shim.executed, donors);
    tellConnections(context, record, 'connect');
    tell(context, record, 'start');
  } catch (error) {
    throw explain(error, container);
  }
  const ask = async (abort: AbortSignal) => (await import('./attach.ts')).awaitEnd(context, record, abort);
  const cleanUp = async (code: number) => {
    const recorded = shim.toldExit ? undefined : recordedExit(context, record.id);
    await withContainerLock(context, record.id, () => reap(context, record.id)).catch(unlessFull);
    return recorded ?? code;
  };
  return new LaunchedProcess(shim, ask, cleanUp, record.options.autoRemove);
}

/** In another container's PID namespace its processes can stop ours. */
async function unstopped(shim: Shim, promise: Promise<void>, donors: Donors): Promise<void> {
  if (donors.pid === undefined) return await promise;
  const { continued } = await import('../execs/continued.ts');
  return await continued(shim, promise);
}

async function publish(
  record: ContainerRecord,
  networks: readonly Network[],
  guarded: Promise<void> | undefined,
  rules: Pieces['portRules'],
): Promise<void> {
  const published = toPublish(record);
  const bridge = gatewayEndpoint(endpointsOf(record))?.bridge;
  const network = networks.find(one => one.bridge === bridge);
  if (published === undefined || network === undefined) return;
  // If the chain for the rules is missing, `guarded` makes it again: then try once more.
  const attempt = () => publishPorts(network, published, hostIptables, rules);
  await attempt().catch(async () => {
    await guarded;
    await attempt();
  });
  // This change is counted after the rules were checked, because the remembered number must include it.
  await guarded;
  if (published.ports.length > 0) countOwnChange(network);
}

/** After a failed start a container is what it was, `created` or `exited`, with the reason and the exit code that Docker shows. */
function failedState(before: ContainerState, error: unknown): ContainerState {
  const { message, code = '' } = error as { message: string; code?: string };
  const status = before.status === 'restarting' ? 'exited' : before.status;
  return { ...before, status, pid: 0, exitCode: failureCodes[code] ?? 128, error: message, oomKilled: false };
}

const failureCodes: Readonly<Record<string, number>> = {
  'command-not-found': 127,
  'workdir-not-found': 127,
  'command-not-executable': 126,
  'workdir-denied': 126,
};

/** Records the container as running: from here on every command sees it so, though its command has not begun. */
function writeDown(context: EngineContext, record: ContainerRecord, shim: Shim, restarts?: Restarts): void {
  const { pid } = shim;
  const supervisor = findIdentity(shim.process.pid!);
  if (supervisor === undefined) throw new MinidockError('shim-died', "the container's supervisor was killed");
  record.state = {
    status: 'running',
    pid,
    exitCode: 0,
    error: '',
    oomKilled: false,
    startedAt: timestamp(),
    ...(record.state.finishedAt && { finishedAt: record.state.finishedAt }),
    ...(restarts && { restarts }),
  };
  context.store.write(record);
  const running: Running = { pid, supervisor, startedAt: record.state.startedAt!, namespaces: namespacesOf(pid) };
  writeVolatile(containerPaths(context.roots, record.id).running, JSON.stringify(running));
}

/** Inode of each namespace by its name in /proc/PID/ns. The child has made all of them when it waits at its sync. */
function namespacesOf(pid: number): Record<string, number> {
  const inodes: Record<string, number> = {};
  for (const name of ['mnt', 'uts', 'ipc', 'pid', 'net', 'cgroup']) {
    // `net:[4026531840]`
    const inode = Number(readNamespace(pid, name).slice(name.length + 2, -1));
    if (inode > 0) inodes[name] = inode;
  }
  return inodes;
}

function readNamespace(pid: number, name: string): string {
  try {
    return fs.readlinkSync(`/proc/${pid}/ns/${name}`);
  } catch {
    // Kernels before 4.6 have no cgroup namespace.
    return '';
  }
}

/** The error that users see for a failed step: for a bind the port in use, for a netlink message the words of `ip`. */
function explain(error: unknown, { mounts, spec }: Container): unknown {
  if (!(error instanceof StepError)) return error;
  const { step, errno } = error;
  return (
    portError(step, errno) ??
    workingDirectoryError(spec.process.cwd, error) ??
    mountPointError(mounts, error) ??
    sysctlError(spec.linux.sysctl, error) ??
    networkError(error) ??
    error
  );
}
