import fs from 'node:fs';
import type { Running } from '../../../container/observe.ts';
import type { ContainerRecord } from '../../../container/record.ts';
import { releaseAddress } from '../../../network/addresses.ts';
import {
  endpointsOf,
  gatewayEndpoint,
  hasNames,
  type NetworkEndpoint,
  type WiredEndpoint,
} from '../../../network/attachment.ts';
import { runProgram } from '../../../network/bridge-program.ts';
import { toPublish } from '../../../network/firewall/port-rules.ts';
import { countOwnChange } from '../../../network/firewall/rules-seen.ts';
import { networkDirectory } from '../../../network/network.ts';
import { isIpv6 } from '../../../network/ports/ports.ts';
import { publishPorts, removePorts } from '../../../network/ports/publish.ts';
import { moveRelay } from '../../../network/ports/relay.ts';
import { markKept, wakeKeeper } from '../../../state/kept.ts';
import { withLock } from '../../../state/lock.ts';
import { containerPaths, enginePaths } from '../../../state/paths.ts';
import { compileConnect, compileDisconnect } from '../../compile/connection.ts';
import { pieces } from '../../compile/pieces.ts';
import type { EngineContext } from '../../context.ts';
import { readyNetwork, wire } from '../attach.ts';
import { guardNetworks } from '../guard.ts';
import { namesAnswer } from '../names.ts';
import { updateResolverFiles } from '../resolver-files.ts';

/**
 * Connects a running container. The endpoint is recorded as unfinished first and as finished last: where this is killed in
 * between, the next command that looks removes what was made. The caller holds the container's lock.
 */
export async function plug(
  context: EngineContext,
  record: ContainerRecord,
  wanted: NetworkEndpoint,
  running: Running,
): Promise<void> {
  const joined = await readyNetwork(context, wanted);
  const { endpoints } = record.network;
  if (hasNames(joined.endpoint)) markKept(context.roots, record.id);
  let begun: NetworkEndpoint = { ...joined.endpoint, unfinished: true };
  write(context, record, [...endpoints, begun]);
  try {
    const before = endpointsOf(record);
    const wired = await withLock(enginePaths(context.roots).allocation, () =>
      wire(context, record, joined, freeNumber(before)),
    );
    begun = { ...wired, unfinished: true };
    write(context, record, [...endpoints, begun]);
    await guardNetworks(context, [joined.network], '');
    const isWayOut = gatewayEndpoint([...before, wired]) === wired;
    const endpoint = { ...wired, index: 0, route: isWayOut ? ('replace' as const) : ('none' as const) };
    await runProgram(compileConnect(endpoint, namespaceOf(running), context.pieces ?? pieces));
    await namesAnswer(context, [wired]);
    const now = connectedTo(record, [...endpoints, wired]);
    if (isWayOut) await movePorts(context, { before: record, after: now, running });
    updateResolverFiles(context, record, now);
    context.store.write(now);
  } catch (error) {
    await unplug(context, connectedTo(record, [...endpoints, begun]), begun, running);
    throw error;
  }
}

/**
 * Removes an endpoint of a running container, or what there is of one that is unfinished. The caller holds the container's
 * lock.
 */
export async function unplug(
  context: EngineContext,
  record: ContainerRecord,
  endpoint: NetworkEndpoint,
  running: Running,
): Promise<void> {
  const others = record.network.endpoints.filter(one => one !== endpoint && one.network !== endpoint.network);
  write(context, record, [...others, { ...endpoint, unfinished: true }]);
  const before = connectedTo(record, [...others, { ...endpoint, unfinished: false }]);
  const after = connectedTo(record, others);
  const { hostInterface } = endpoint;
  if (hostInterface !== undefined) await takeCable(context, endpoint, hostInterface, { before, after, running });
  const directory = networkDirectory(context.roots, endpoint.networkId ?? context.bridge);
  await withLock(enginePaths(context.roots).allocation, () =>
    releaseAddress({ directory }, containerPaths(context.roots, record.id).bundle),
  );
  updateResolverFiles(context, before, after);
  context.store.write(after);
  wakeKeeper(context.roots);
}

/** The cable may be gone already, with what follows from that or without. */
async function takeCable(
  context: EngineContext,
  endpoint: NetworkEndpoint,
  hostInterface: string,
  { before, after, running }: Change,
): Promise<void> {
  const wasWayOut = endpoint.unfinished || gatewayEndpoint(endpointsOf(before))?.network === endpoint.network;
  const gateway = gatewayEndpoint(endpointsOf(after));
  const isThere = fs.existsSync(`/proc/sys/net/ipv4/conf/${hostInterface}`);
  await runProgram(
    compileDisconnect(
      isThere ? hostInterface : undefined,
      wasWayOut ? gateway?.gateway : undefined,
      namespaceOf(running),
    ),
  );
  if (wasWayOut) await movePorts(context, { before, after, running });
}

const connectedTo = (record: ContainerRecord, endpoints: NetworkEndpoint[]): ContainerRecord => ({
  ...record,
  network: { ...record.network, endpoints },
});

const write = (context: EngineContext, record: ContainerRecord, endpoints: NetworkEndpoint[]) =>
  context.store.write(connectedTo(record, endpoints));

/** A container that runs, as it was connected and as it is to be. */
interface Change {
  readonly before: ContainerRecord;
  readonly after: ContainerRecord;
  readonly running: Running;
}

/**
 * Moves the published ports to the endpoint that has the default route; without such an endpoint they lead nowhere. Idempotent.
 */
async function movePorts(context: EngineContext, { before, after, running }: Change): Promise<void> {
  const [from, to] = [before, after].map(record => gatewayEndpoint(endpointsOf(record)));
  if (after.network.ports.length === 0 || from?.endpointId === to?.endpointId) return;
  const shortId = after.id.slice(0, 12);
  if (from !== undefined) await removePorts(placeOf(context, from), shortId, toPublish(before));
  if (after.network.ports.some(isIpv6))
    moveRelay(containerPaths(context.roots, after.id).relayAddress, running.supervisor.pid, to?.address);
  const published = toPublish(after);
  if (to === undefined || published === undefined) return;
  // A command that was killed may have left them there, or brought them.
  await removePorts(placeOf(context, to), shortId);
  await publishPorts(placeOf(context, to), published);
  countOwnChange(placeOf(context, to));
}

const placeOf = ({ roots, bridge: own }: EngineContext, { bridge, networkId }: WiredEndpoint) => ({
  bridge: bridge || own,
  directory: networkDirectory(roots, networkId ?? own),
});

const namespaceOf = ({ pid, namespaces }: Running) => ({ path: `/proc/${pid}/ns/net`, inode: namespaces.net });

/** The number for a new interface: the lowest that no endpoint has. */
function freeNumber(endpoints: readonly WiredEndpoint[]): number {
  const taken = new Set(endpoints.map(one => one.interface));
  for (let number = 0; ; number++) if (!taken.has(`eth${number}`)) return number;
}
