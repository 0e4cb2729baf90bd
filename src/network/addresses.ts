import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../errors.ts';
import { formatSubnet, hostAddresses } from './ipv4.ts';
import { leasesOf, releaseLeases, takeLease } from './leases.ts';
import type { Network } from './network.ts';

/**
 * The container's address: the one it has already, or the lowest that is free, as Docker chooses. See `takeLease` for
 * what the caller holds.
 */
export function allocateAddress(network: Network, containerDirectory: string): string {
  const directory = leases(network);
  const [held] = leasesOf(directory, containerDirectory);
  const address = held ?? takeLease(directory, hostAddresses(network.subnet), containerDirectory);
  if (address === undefined) {
    throw new MinidockError(
      'subnet-full',
      `no free address is left for a container in ${formatSubnet(network.subnet)} (bridge ${network.bridge})`,
      { fix: 'stop containers that are not needed: `minidock ps` lists those that run' },
    );
  }
  return address;
}

/** The address that a container would get now; nothing is taken. */
export function freeAddress(network: Network): string {
  for (const address of hostAddresses(network.subnet))
    if (!fs.existsSync(path.join(leases(network), address))) return address;
  return network.gateway;
}

/** Gives the container's address back. Idempotent. */
export function releaseAddress(network: Pick<Network, 'directory'>, containerDirectory: string): void {
  releaseLeases(leases(network), containerDirectory);
}

function leases(network: Pick<Network, 'directory'>): string {
  return path.join(network.directory, 'leases');
}
