import type { Port } from './ports/ports.ts';

/** Whose network namespace a container uses, and which networks its own one is connected to. */
export interface NetworkAttachment {
  mode: NetworkMode;
  /** One endpoint for each network, that of `--network` first; none where the network namespace is not the container's own. */
  endpoints: NetworkEndpoint[];
  /** The published ports. They lead to the endpoint that has the default route. */
  ports: Port[];
}

/** `bridge`: a network namespace of its own, with one endpoint for each network; `container`: that of another container. */
export type NetworkMode = 'bridge' | 'host' | 'none' | 'container';

/** A container's connection to a network: what was asked for, and from its first start on what it got. */
export interface NetworkEndpoint extends Partial<Wire> {
  /** Name of the network; `bridge` is the default one. */
  network: string;
  /**
   * 64 hexadecimal digits. Absent for the default network, whose id follows from the engine's, and on other networks before the
   * first start.
   */
  networkId?: string;
  /** The network is internal: nothing leads out of it, so the default route never leads through this endpoint. */
  internal?: boolean;
  /** Further names of the container on this network. */
  aliases?: readonly string[];
  /** `CONTAINER` or `CONTAINER:ALIAS`: names for other containers of this network that only this container can use. */
  links?: readonly string[];
  /** The address that the user wants it to have. */
  ip?: string;
  /** A command was connecting or disconnecting this endpoint and has not finished: it counts as not connected. */
  unfinished?: boolean;
}

/** The veth pair of an endpoint; of a container that does not run, as it was in the last run. */
export interface Wire {
  /** 64 hexadecimal digits, random, new at each start. */
  endpointId: string;
  /** The network's bridge on the host. */
  bridge: string;
  /** The interface in the container: `eth0`, `eth1`. */
  interface: string;
  address: string;
  prefixLength: number;
  /** The network's gateway. Only one endpoint's is the default route. */
  gateway: string;
  macAddress: string;
  /** Host end of the veth pair. */
  hostInterface: string;
  /** In bytes; absent where the network sets none. */
  mtu?: number;
  /** Containers of the network cannot reach each other. */
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

/** The mode that `--network` asks for. */
export function modeOf(network: string): NetworkMode {
  if (network === 'host' || network === 'none') return network;
  return network.startsWith('container:') ? 'container' : 'bridge';
}

/** Whether names are answered on the network of an endpoint: on networks that users made, as in Docker. */
export const hasNames = ({ network }: Pick<NetworkEndpoint, 'network'>): boolean => network !== 'bridge';

/** Whether a container needs the keeper to answer names while it runs. */
export const usesNames = ({ network }: { network: NetworkAttachment }): boolean => network.endpoints.some(hasNames);
