import fs from 'node:fs';
import path from 'node:path';
import type { ContainerOptions, ContainerRecord } from '../../container/record.ts';
import { MinidockError } from '../../errors.ts';
import { randomHex } from '../../host/random.ts';
import { allocateAddress, freeAddress } from '../../network/addresses.ts';
import {
  endpointsOf,
  modeOf,
  type NetworkAttachment,
  type NetworkEndpoint,
  usesNames,
  type WiredEndpoint,
} from '../../network/attachment.ts';
import { ensureBridge, plannedNetwork } from '../../network/bridge.ts';
import { hostInterfaceOf } from '../../network/endpoint.ts';
import { macOf } from '../../network/ipv4.ts';
import { type Network, networkDirectory } from '../../network/network.ts';
import { choosePorts, plannedPorts } from '../../network/ports/ephemeral.ts';
import { registerEngine } from '../../state/engines.ts';
import { withLock } from '../../state/lock.ts';
import { containerPaths, enginePaths } from '../../state/paths.ts';
import type { EngineContext } from '../context.ts';
import { removeCables } from './live/cables.ts';
import { mappingsOf } from './mappings.ts';

type Record = Pick<ContainerRecord, 'config' | 'id' | 'network' | 'options'>;

/**
 * One network of a container that is about to start, with its bridge ready, and the endpoint that the container is to have on
 * it.
 */
export interface Joined {
  readonly endpoint: NetworkEndpoint;
  readonly network: Network;
}

/**
 * The endpoints that a new container asks for.
 *
 * @throws {MinidockError} `no-such-network`, `invalid-address`
 */
export async function endpointsAsked(
  { roots }: EngineContext,
  { network, ip, networkAliases, links }: ContainerOptions,
): Promise<NetworkEndpoint[]> {
  if (modeOf(network) !== 'bridge') return [];
  const isDefault = network === 'bridge';
  // The user may have given the network's id.
  const name = isDefault
    ? network
    : (await import('./defined.ts')).findDefined({ roots }, { network, ip }).endpoint.network;
  return [
    {
      network: name,
      ...(ip !== undefined && { ip }),
      ...(!isDefault && networkAliases && { aliases: networkAliases }),
      ...(!isDefault && links && { links }),
    },
  ];
}

/**
 * The networks of a container, ready for it: bridges that a reboot took are made again.
 *
 * @throws {MinidockError} `no-such-network`
 */
export async function readyNetworks(
  context: EngineContext,
  record: Record,
  program?: Parameters<typeof ensureBridge>[1],
): Promise<Joined[]> {
  const joined: Joined[] = [];
  for (const { unfinished, ...endpoint } of record.network.endpoints)
    if (!unfinished) joined.push(await readyNetwork(context, endpoint, program));
  return joined;
}

export async function readyNetwork(
  context: EngineContext,
  endpoint: NetworkEndpoint,
  program: Parameters<typeof ensureBridge>[1] = {},
): Promise<Joined> {
  if (endpoint.network === 'bridge') {
    registerEngine(context.roots, context.bridge);
    return { endpoint, network: await ensureBridge(context.roots, { ...program, bridge: context.bridge }) };
  }
  const { definedNetwork } = await import('./defined.ts');
  return await definedNetwork(context, endpoint, program);
}

/** Takes addresses and ports for a container about to start. They are given back when it has ended. */
export async function attachNetworks(
  context: EngineContext,
  record: Record,
  networks: readonly Joined[],
  portsToAvoid: ReadonlySet<number>,
): Promise<NetworkAttachment> {
  const { bundle } = containerPaths(context.roots, record.id);
  const place = { directory: networkDirectory(context.roots, context.bridge) };
  const attachment = await withLock(enginePaths(context.roots).allocation, () => ({
    mode: record.network.mode,
    endpoints: networks.map((one, number) => wire(context, record, one, number)),
    ports: choosePorts(place, mappingsOf(record), bundle, portsToAvoid),
  }));
  await removeCables(attachment.endpoints);
  return attachment;
}

/** As `attachNetworks`, for `--dry-run`: it answers with what would be taken, and takes nothing. */
export async function planNetworks(context: EngineContext, record: Record): Promise<NetworkAttachment> {
  if (record.network.mode !== 'bridge') return record.network;
  const endpoints: NetworkEndpoint[] = [];
  for (const endpoint of record.network.endpoints) {
    const { network } =
      endpoint.network === 'bridge'
        ? { network: plannedNetwork(context.roots, context.bridge) }
        : (await import('./defined.ts')).findDefined(context, endpoint);
    const address = freeAddress(network, endpoint.ip);
    endpoints.push({ ...endpoint, ...wireOf(record, network, address, endpoints.length) });
  }
  return { ...record.network, endpoints, ports: plannedPorts(mappingsOf(record)) };
}

/**
 * Takes an address for an endpoint. The caller holds the allocation lock.
 *
 * @param number of the interface in the container: 0 for `eth0`
 * @throws {MinidockError} `subnet-full`, `address-in-use`, `invalid-address`
 */
export function wire(
  context: EngineContext,
  record: Pick<Record, 'id' | 'options'>,
  { endpoint, network }: Joined,
  number: number,
): WiredEndpoint {
  const { bundle } = containerPaths(context.roots, record.id);
  // Another command may have removed the network since it was looked up.
  if (endpoint.networkId !== undefined && !fs.existsSync(path.join(network.directory, 'network.json')))
    throw new MinidockError('no-such-network', `network ${endpoint.network} not found`);
  const address = allocateAddress(network, bundle, endpoint.ip);
  return { ...endpoint, ...wireOf(record, network, address, number) };
}

function wireOf({ id, options }: Pick<Record, 'id' | 'options'>, network: Network, address: string, number: number) {
  return {
    ...(network.internal && { internal: true }),
    endpointId: randomHex(32),
    bridge: network.bridge,
    interface: `eth${number}`,
    address,
    prefixLength: network.subnet.prefixLength,
    gateway: network.gateway,
    // As in Docker `--mac-address` is for the first network.
    macAddress: (number === 0 ? options.macAddress : undefined) ?? macOf(address),
    hostInterface: hostInterfaceOf(id, number),
    ...(network.mtu !== undefined && { mtu: network.mtu }),
    ...(network.icc === false && { isolated: true }),
  };
}

/**
 * Resolves once somebody answers the container's questions for names. Where the keeper does not run, it is started meanwhile.
 */
export function namesReady(context: EngineContext, record: Record): Promise<void> | undefined {
  if (!usesNames(record)) return undefined;
  const ready = import('./names.ts').then(({ namesAnswer }) => namesAnswer(context, endpointsOf(record)));
  ready.catch(() => {});
  return ready;
}
