import path from 'node:path';
import { listIfPresent } from '../state/files.ts';
import type { Roots } from '../state/paths.ts';
import { gatewayOf, type Subnet } from './ipv4.ts';

/** A bridge with its subnet, as it is written in `networks/<bridge>/network.json`. */
export interface Network {
  readonly bridge: string;
  readonly subnet: Subnet;
  readonly gateway: string;
  /** `<root>/networks/<bridge>`: network.json, leases, ports. */
  readonly directory: string;
}

export const defaultBridge = 'minidock0';

export function networkOf(roots: Roots, bridge: string, subnet: Subnet): Network {
  return { bridge, subnet, gateway: gatewayOf(subnet), directory: networkDirectory(roots, bridge) };
}

export function networkDirectory(roots: Pick<Roots, 'root'>, bridge: string): string {
  return path.join(roots.root, 'networks', bridge);
}

/** Where the leases of all bridges lie: addresses, and ports that the engine chose. */
export function leaseDirectories(roots: Roots): string[] {
  return listIfPresent(path.join(roots.root, 'networks')).flatMap(bridge =>
    ['leases', 'ports'].map(kind => path.join(networkDirectory(roots, bridge), kind)),
  );
}
