/**
 * The words of a capture. Frames are what the points saw; a walk is one packet on its way past them; all views (terminal,
 * pcapng, page) show walks.
 */
import type { Packet } from './packet/decode.ts';

/** Where a point stands on the way from outside into a container. */
export const roles = ['host', 'bridge', 'veth', 'container'] as const;
export type Role = (typeof roles)[number];

/** An interface at which packets are seen. */
export interface Point {
  readonly role: Role;
  /** As its namespace calls it: `eth0`. */
  readonly interface: string;
  /** Unique in a capture: `eth0`, `minidock0`, `web:eth0`. */
  readonly name: string;
  /** Whose veth or eth0 it is. */
  readonly container?: string;
}

/** A container that is captured, as far as its packets need it to be known. */
export interface Target {
  readonly name: string;
  readonly addresses: readonly string[];
  /** Hardware addresses of its interfaces; empty where they are not known. */
  readonly macs: readonly string[];
  /** Its traffic cannot be told from the host's. */
  readonly sharesHost: boolean;
  readonly ports: readonly { readonly protocol: 'tcp' | 'udp'; readonly host: number; readonly container: number }[];
}

/** A packet at one point. */
export interface Frame {
  /** Index in the list of points. */
  readonly point: number;
  /** Nanoseconds since the epoch. */
  readonly time: bigint;
  /** Bytes on the wire, of which `bytes` may be the beginning. */
  readonly length: number;
  readonly bytes: Uint8Array;
}

export interface Visit {
  readonly frame: Frame;
  readonly packet: Packet;
}

/** An address with its port, where the protocol has ports. */
export interface Endpoint {
  readonly address: string;
  readonly port?: number;
}

export type RewriteKind = 'DNAT' | 'SNAT' | 'MASQUERADE' | 'un-DNAT' | 'un-SNAT';

/** A change of one address on the way. */
export interface Rewrite {
  readonly kind: RewriteKind;
  readonly field: 'source' | 'destination';
  readonly before: Endpoint;
  readonly after: Endpoint;
  /**
   * Index of the visit that shows `after`. 0: before the first point, in a process's own connection. The number of visits:
   * behind the last point.
   */
  readonly at: number;
  /** `conntrack`: the kernel's table says so. `inferred`: from the packets alone. */
  readonly evidence: 'conntrack' | 'inferred';
  /** The rule, as iptables-save prints it, and the chains that lead to it. */
  readonly rule?: { readonly chains: readonly string[]; readonly text: string };
}

/** One packet, at each point that it passed, in the order of its way. */
export interface Walk {
  /** From 1. */
  readonly number: number;
  readonly visits: readonly Visit[];
  readonly rewrites: readonly Rewrite[];
  /** Towards a container, out of one, or neither. */
  readonly heading: 'in' | 'out' | 'between';
  /** The same for both directions of a connection, before and after translation. */
  readonly conversation: number;
  /** What became of it, where the points do not say it: for the host itself, or nobody saw it arrive. */
  readonly end?: 'host' | 'unseen';
}

/** `172.18.0.2:80`, `[fd00::1]:80`, `172.18.0.2`. */
export function printEndpoint({ address, port }: Endpoint): string {
  if (port === undefined) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
