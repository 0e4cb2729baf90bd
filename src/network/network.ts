import path from 'node:path';
import { MinidockError } from '../errors.ts';
import { listIfPresent } from '../state/files.ts';
import type { Roots } from '../state/paths.ts';
import { gatewayOf, type Subnet } from './ipv4.ts';
import { isInterfaceName } from './netlink/rtnetlink.ts';

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

/** Throws `invalid-bridge` for what cannot be the name of an interface of ours. */
export function checkBridgeName(bridge: string): void {
  if (isInterfaceName(bridge) && /^[a-z][a-z0-9_.-]*$/.test(bridge)) return;
  throw new MinidockError(
    'invalid-bridge',
    `invalid bridge name "${bridge}": 1 to 15 of a-z 0-9 _ . -, a letter first`,
  );
}
