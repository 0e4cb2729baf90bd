import { MinidockError } from '../errors.ts';
import { listIfPresent } from '../state/files.ts';
import type { Roots } from '../state/paths.ts';
import { gatewayOf, type Subnet } from './ipv4.ts';

/** A bridge with its subnet. Absent fields are as on the default network. */
export interface Network {
  readonly bridge: string;
  readonly subnet: Subnet;
  readonly gateway: string;
  /** `<root>/networks/<key>`: network.json, leases, ports. The key is the bridge's name, or the id where a user made the network. */
  readonly directory: string;
  /** The name, for a network that a user made. */
  readonly name?: string;
  /** The part of the subnet from which containers get addresses. */
  readonly range?: Subnet;
  /** Addresses that no container gets. */
  readonly reserved?: readonly string[];
  /** No packet leads out of the network, or into it from elsewhere. */
  readonly internal?: boolean;
  /** The host answers names at the gateway. */
  readonly names?: boolean;
  /** Whether its containers reach each other. */
  readonly icc?: boolean;
  /** Whether its containers leave with the host's address. */
  readonly masquerade?: boolean;
  /** Bytes. */
  readonly mtu?: number;
}

export const defaultBridge = 'minidock0';

export function networkOf(roots: Roots, bridge: string, subnet: Subnet): Network {
  return { bridge, subnet, gateway: gatewayOf(subnet), directory: networkDirectory(roots, bridge) };
}

export function networkDirectory(roots: Pick<Roots, 'root'>, key: string): string {
  return `${networksDirectory(roots)}/${key}`;
}

export function networksDirectory({ root }: Pick<Roots, 'root'>): string {
  return `${root}/networks`;
}

/** Where the leases of all networks lie: addresses, and ports that the engine chose. */
export function leaseDirectories(roots: Roots): string[] {
  return listIfPresent(networksDirectory(roots)).flatMap(key =>
    ['leases', 'ports'].map(kind => `${networkDirectory(roots, key)}/${kind}`),
  );
}

/** Throws `invalid-bridge` for what cannot be the name of an interface of ours. */
export function checkBridgeName(bridge: string): void {
  if (bridge === defaultBridge || /^[a-z][a-z0-9_.-]{0,14}$/.test(bridge)) return;
  throw new MinidockError(
    'invalid-bridge',
    `invalid bridge name "${bridge}": 1 to 15 of a-z 0-9 _ . -, a letter first`,
  );
}
