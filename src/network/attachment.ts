import type { Port } from './ports/ports.ts';

/** Whose network namespace a container has, and what its own is connected to. */
export interface NetworkAttachment {
  mode: NetworkMode;
  /** One a network, that of `--network` first; none where the network namespace is not the container's own. */
  endpoints: NetworkEndpoint[];
  /** Published on the host, for the address of the endpoint that has the default route. */
  ports: Port[];
}

/** `bridge`: a namespace of its own with an endpoint a network; `container`: that of another container. */
export type NetworkMode = 'bridge' | 'host' | 'none' | 'container';

/** A container's connection to a network: what is asked for, and, from its first start on, what that became. */
export interface NetworkEndpoint extends Partial<Wire> {
  /** Name of the network; `bridge` is the default one. */
  network: string;
  /** 64 digits; missing for the default network, whose id follows from the engine's, and before the first start on another. */
  networkId?: string;
  /** Nothing leads out of the network: the default route is never this one's. */
  internal?: boolean;
  /** Further names for it on this network. */
  aliases?: readonly string[];
  /** `CONTAINER` or `CONTAINER:ALIAS`: names that it alone has for others on this network. */
  links?: readonly string[];
  /** The address that the user wants it to have. */
  ip?: string;
  /** A command that was making it, or taking it away, has not finished: it counts as not there. */
  unfinished?: boolean;
}

/** The cable of an endpoint. Of a container that does not run: as it was when it last did. */
export interface Wire {
  /** 64 digits, random, for each start. */
  endpointId: string;
  /** The network's bridge on the host. */
  bridge: string;
  /** Inside: `eth0`, `eth1`. */
  interface: string;
  address: string;
  prefixLength: number;
  /** Of the network; the default route leads by that of one endpoint alone. */
  gateway: string;
  macAddress: string;
  /** Host end of the veth pair. */
  hostInterface: string;
  /** Bytes, where the network has its own. */
  mtu?: number;
  /** The network keeps its containers from each other. */
  isolated?: boolean;
}

export type WiredEndpoint = NetworkEndpoint & Wire;

/** The endpoints of a container that runs, or of its last run, by the names of their interfaces. */
export function endpointsOf({ network }: { network: NetworkAttachment }): WiredEndpoint[] {
  return network.endpoints
    .filter((one): one is WiredEndpoint => one.interface !== undefined && !one.unfinished)
    .sort((a, b) => a.interface.localeCompare(b.interface, 'en', { numeric: true }));
}

/**
 * The endpoint through which the default route leads, and for whose address ports are published: of those that lead out the one
 * whose network's name comes first, as in Docker.
 */
export function gatewayEndpoint(endpoints: readonly WiredEndpoint[]): WiredEndpoint | undefined {
  const [first] = endpoints.filter(({ internal }) => !internal).sort((a, b) => (a.network < b.network ? -1 : 1));
  return first;
}

/** What `--network` asks for. */
export function modeOf(network: string): NetworkMode {
  if (network === 'host' || network === 'none') return network;
  return network.startsWith('container:') ? 'container' : 'bridge';
}

/** Whether names are answered on the network of an endpoint: on those that users made, as in Docker. */
export const hasNames = ({ network }: Pick<NetworkEndpoint, 'network'>): boolean => network !== 'bridge';

/** Whether a container needs somebody who answers names while it runs. */
export const usesNames = ({ network }: { network: NetworkAttachment }): boolean => network.endpoints.some(hasNames);
