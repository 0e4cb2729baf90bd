/** The parts of the model that are about the network (src/xray/model.ts). */

export interface NetworkSeen {
  readonly inode: number;
  readonly host: boolean;
  readonly interfaces: readonly Interface[];
  readonly routes: readonly RouteSeen[];
  /** ARP and NDP. */
  readonly neighbours: readonly NeighbourSeen[];
  /** Bridges that a cable leads to, in the host's namespace. */
  readonly bridges: readonly Bridge[];
}

export interface Interface {
  readonly name: string;
  /** ifindex. */
  readonly index: number;
  /** iflink: the index of the other end, in the namespace where that is. */
  readonly link?: number;
  readonly kind?: string;
  readonly mac?: string;
  readonly mtu: number;
  readonly state: string;
  readonly addresses: readonly string[];
  /** The other end of a veth pair, where it is in the host's namespace. */
  readonly peer?: Peer;
}

export interface Peer {
  readonly name: string;
  readonly index: number;
  readonly link?: number;
  readonly mac?: string;
  readonly state: string;
  /** Name of the bridge that it is a port of. */
  readonly bridge?: string;
  readonly port?: { readonly number?: number; readonly state: string; readonly hairpin: boolean };
}

export interface Bridge {
  readonly name: string;
  /** What minidock calls the network that the bridge is for; not the kernel's word. */
  readonly network?: string;
  readonly index: number;
  readonly mac?: string;
  readonly state: string;
  readonly alias?: string;
  readonly addresses: readonly string[];
  readonly ports: readonly string[];
  /** MAC addresses behind ports of this container; `local` is that of the port itself. */
  readonly macs: readonly {
    readonly mac: string;
    readonly port: string;
    readonly local: boolean;
    readonly state: string;
  }[];
  /** How many more are behind other ports. */
  readonly otherMacs: number;
}

export interface RouteSeen {
  readonly target: string;
  readonly family: 4 | 6;
  readonly gateway?: string;
  readonly device?: string;
  readonly source?: string;
  readonly scope: string;
  /** `main`, `local`, a number. */
  readonly table: string;
  readonly type: string;
}

export interface NeighbourSeen {
  readonly address: string;
  readonly mac?: string;
  readonly device: string;
  readonly state: string;
}

export interface Rules {
  /** Whether the host forwards packets between interfaces (net.ipv4.ip_forward). */
  readonly forwarding: boolean;
  /** Rules that a packet of the container can meet, in the order of iptables-save. */
  readonly rules: readonly Rule[];
  /** Built-in chains that they stand in. */
  readonly policies: readonly {
    readonly family: 4 | 6;
    readonly table: string;
    readonly chain: string;
    readonly policy: string;
    readonly packets: number;
    readonly bytes: number;
  }[];
  /** Why there are none. */
  readonly unreadable?: string;
}

export interface Rule {
  readonly family: 4 | 6;
  readonly table: string;
  readonly chain: string;
  /** In the words of iptables, without `-A CHAIN`. */
  readonly rule: string;
  readonly packets: number;
  readonly bytes: number;
}

export interface Sockets {
  /** In the container's network namespace; with the host's those of the container's processes alone. */
  readonly listening: readonly ListeningSocket[];
  /** What packets to the host are rewritten to, as the NAT rules have it. */
  readonly published: readonly PublishedPort[];
  /**
   * Sockets of the host that the container's supervisor has: they keep the ports from others; those of IPv6 wait for the relay,
   * since no rule turns IPv6 into IPv4.
   */
  readonly held: readonly ListeningSocket[];
}

export interface ListeningSocket {
  readonly protocol: 'tcp' | 'tcp6' | 'udp' | 'udp6';
  readonly address: string;
  readonly port: number;
  /** Of the process that holds it, where it is one of the container's. */
  readonly pid?: number;
  readonly command?: string;
}

export interface PublishedPort {
  readonly protocol: string;
  /** `0.0.0.0` is every address of the host. */
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly address: string;
  readonly port: number;
  readonly packets: number;
  readonly bytes: number;
}
