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
 * Connects a running container. The record says so first, marked as unfinished: where this is killed, whoever looks next takes
 * away what there is of it. The caller holds the container's lock.
 */
export async function plug(
  context: EngineContext,
  record: ContainerRecord,
  wanted: NetworkEndpoint,
  running: Running,
): Promise<void> {
  const joined = await readyNetwork(context, wanted);
  const before = endpointsOf(record);
  const { allocation } = enginePaths(context.roots);
  const wired = await withLock(allocation, () => wire(context, record, joined, freeNumber(before)));
  const after = [...before, wired];
  const isWayOut = gatewayEndpoint(after) === wired;
  if (hasNames(wired)) markKept(context.roots, record.id);
  write(context, record, [...record.network.endpoints, { ...wired, unfinished: true }]);
  try {
    await guardNetworks(context, [joined.network], '');
    const endpoint = { ...wired, index: 0, route: isWayOut ? ('replace' as const) : ('none' as const) };
    await runProgram(compileConnect(endpoint, namespaceOf(running), context.pieces ?? pieces));
    await namesAnswer(context, [wired]);
  } catch (error) {
    await unplug(
      context,
      { ...record, network: { ...record.network, endpoints: [...record.network.endpoints, wired] } },
      wired,
      running,
    );
    throw error;
  }
  const now = write(context, record, [...record.network.endpoints, wired]);
  if (isWayOut) await movePorts(context, record, now, running);
  updateResolverFiles(context, record, now);
}

/** Takes an endpoint of a running container away, or what there is of one. The caller holds the container's lock. */
export async function unplug(
  context: EngineContext,
  record: ContainerRecord,
  endpoint: NetworkEndpoint,
  running: Running,
): Promise<void> {
  const others = record.network.endpoints.filter(one => one !== endpoint && one.network !== endpoint.network);
  const rest = { ...record, network: { ...record.network, endpoints: others } };
  write(context, record, [...others, { ...endpoint, unfinished: true }]);
  const gateway = gatewayEndpoint(endpointsOf(rest));
  const wasWayOut = endpoint.unfinished || gatewayEndpoint(endpointsOf(record))?.network === endpoint.network;
  const { hostInterface } = endpoint;
  const isThere = hostInterface !== undefined && fs.existsSync(`/proc/sys/net/ipv4/conf/${hostInterface}`);
  await runProgram(
    compileDisconnect(
      isThere ? hostInterface : undefined,
      wasWayOut ? gateway?.gateway : undefined,
      namespaceOf(running),
    ),
  );
  const before = {
    ...record,
    network: { ...record.network, endpoints: [...others, { ...endpoint, unfinished: false }] },
  };
  if (wasWayOut) await movePorts(context, before, rest, running);
  const directory = networkDirectory(context.roots, endpoint.networkId ?? context.bridge);
  await withLock(enginePaths(context.roots).allocation, () =>
    releaseAddress({ directory }, containerPaths(context.roots, record.id).bundle),
  );
  updateResolverFiles(context, before, write(context, record, others));
  wakeKeeper(context.roots);
}

function write(context: EngineContext, record: ContainerRecord, endpoints: NetworkEndpoint[]): ContainerRecord {
  const now = { ...record, network: { ...record.network, endpoints } };
  context.store.write(now);
  return now;
}

/** Published ports lead to the endpoint that has the default route; without one nowhere. */
async function movePorts(
  context: EngineContext,
  before: ContainerRecord,
  after: ContainerRecord,
  running: Running,
): Promise<void> {
  const [from, to] = [before, after].map(record => gatewayEndpoint(endpointsOf(record)));
  if (after.network.ports.length === 0 || from?.endpointId === to?.endpointId) return;
  const shortId = after.id.slice(0, 12);
  if (from !== undefined) await removePorts(placeOf(context, from), shortId, toPublish(before));
  if (after.network.ports.some(isIpv6))
    moveRelay(containerPaths(context.roots, after.id).relayAddress, running.supervisor.pid, to?.address);
  const published = toPublish(after);
  if (to === undefined || published === undefined) return;
  await publishPorts(placeOf(context, to), published);
  countOwnChange(placeOf(context, to));
}

const placeOf = ({ roots, bridge: own }: EngineContext, { bridge, networkId }: WiredEndpoint) => ({
  bridge: bridge || own,
  directory: networkDirectory(roots, networkId ?? own),
});

const namespaceOf = ({ pid, namespaces }: Running) => ({ path: `/proc/${pid}/ns/net`, inode: namespaces.net });

/** Of the interface that comes to be: the lowest that no endpoint has. */
function freeNumber(endpoints: readonly WiredEndpoint[]): number {
  const taken = new Set(endpoints.map(one => one.interface));
  for (let number = 0; ; number++) if (!taken.has(`eth${number}`)) return number;
}
