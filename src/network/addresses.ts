import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../errors.ts';
import { listIfPresent, readLinkIfPresent } from '../state/files.ts';
import { addressesIn, broadcastOf, contains, formatAddress, formatSubnet, parseAddress } from './ipv4.ts';
import { leasesOf, releaseLeases, takeLease } from './leases.ts';
import type { Network } from './network.ts';

/**
 * Takes an address for a container: the `wanted` one; else the one that it has already, or the lowest that is free, as Docker
 * chooses. See `takeLease` for the lock that the caller holds.
 *
 * @throws {MinidockError} `subnet-full`, `address-in-use`, `invalid-address`
 */
export function allocateAddress(network: Network, containerDirectory: string, wanted?: string): string {
  if (wanted !== undefined) checkWanted(network, wanted);
  const directory = leases(network);
  const listed = listIfPresent(directory);
  const held = leasesOf(directory, containerDirectory, listed);
  if (wanted === undefined ? held.length > 0 : held.includes(wanted)) return wanted ?? held[0]!;
  if (held.length > 0) releaseLeases(directory, containerDirectory);
  const names = wanted === undefined ? free(network) : [wanted];
  const address = takeLease(directory, names, containerDirectory, listed);
  if (address !== undefined) return address;
  if (wanted !== undefined) throw inUse(wanted, network);
  throw new MinidockError(
    'subnet-full',
    network.name === undefined
      ? `no free address is left for a container in ${formatSubnet(network.subnet)} (bridge ${network.bridge})`
      : `no available IPv4 addresses on this network's address pools: ${network.name} (${path.basename(network.directory)})`,
    { fix: 'stop containers that are not needed: `minidock ps` lists those that run' },
  );
}

/** The address that a container would get now, without taking it. */
export function freeAddress(network: Network, wanted?: string): string {
  if (wanted !== undefined) {
    checkWanted(network, wanted);
    return wanted;
  }
  for (const address of free(network)) if (!fs.existsSync(`${leases(network)}/${address}`)) return address;
  return network.gateway;
}

/** Gives the container's address back. Idempotent. */
export function releaseAddress(network: Pick<Network, 'directory'>, containerDirectory: string): void {
  releaseLeases(leases(network), containerDirectory);
}

/** The directories of the containers that have an address of the network, by their addresses. */
export function holdersOf(network: Pick<Network, 'directory'>): string[] {
  const directory = leases(network);
  return listIfPresent(directory).flatMap(name => {
    const target = readLinkIfPresent(`${directory}/${name}`);
    return target === undefined ? [] : [path.resolve(directory, target)];
  });
}

/** @throws {MinidockError} `invalid-address`, `address-in-use` */
export function checkWanted(network: Network, wanted: string): void {
  const { subnet, gateway, reserved = [] } = network;
  const number = parseAddress(wanted);
  if (number === undefined || !contains(subnet, number))
    throw new MinidockError(
      'invalid-address',
      `Invalid address ${wanted}: It does not belong to any of this network's subnets`,
      {
        fix: `its subnet is ${formatSubnet(subnet)}`,
      },
    );
  if ([formatAddress(subnet.base), broadcastOf(subnet), gateway, ...reserved].includes(wanted))
    throw inUse(wanted, network);
}

function* free({ subnet, range = subnet, gateway, reserved = [] }: Network): Generator<string> {
  const taken = new Set([formatAddress(subnet.base), broadcastOf(subnet), gateway, ...reserved]);
  for (const address of addressesIn(range)) if (!taken.has(address)) yield address;
}

const inUse = (address: string, { subnet }: Network) =>
  new MinidockError('address-in-use', `Address already in use: ${address}`, {
    fix: `choose another of ${formatSubnet(subnet)}: \`minidock network inspect\` shows those that containers have`,
  });

function leases(network: Pick<Network, 'directory'>): string {
  return `${network.directory}/leases`;
}
