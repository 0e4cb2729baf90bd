import { readProc } from '../../host/proc.ts';
import { type Answer, answersIn, attributesIn, ipOf, isComplete } from '../netlink/decode.ts';
import { askKernel } from '../netlink/dump.ts';

/** A side of a connection. ICMP has no port; the identifier of an echo stands for it on both sides. */
export interface ConnectionEnd {
  readonly address: string;
  readonly port?: number;
}

/** One direction of a connection: who sends to whom. */
export interface Tuple {
  readonly source: ConnectionEnd;
  readonly destination: ConnectionEnd;
}

/**
 * A tracked connection: `original` is the direction of its first packet before any translation, `reply` that of the answers
 * before theirs is undone. Without translation one is the reverse of the other.
 */
export interface Connection {
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  readonly original: Tuple;
  readonly reply: Tuple;
}

/**
 * The table of connections in this network namespace: from /proc/net/nf_conntrack where the kernel has the file, else by
 * netlink, which starts a process of some milliseconds. Many kernels of distributions lack the file
 * (CONFIG_NF_CONNTRACK_PROCFS). Undefined where neither answers.
 */
export async function readConnections(file = '/proc/net/nf_conntrack'): Promise<Connection[] | undefined> {
  const text = readProc(file);
  if (text !== undefined) return parseConntrack(text);
  const answers = answersIn(await askKernel([{ dumps: ['connections'] }]).answers);
  return isComplete(answers) ? connectionsIn(answers) : undefined;
}

/**
 * Connections in /proc/net/nf_conntrack, or as `conntrack -L` prints them. Each line names the protocol and, twice,
 * `src= dst=` with `sport= dport=`, or `type= code= id=` of ICMP.
 */
export function parseConntrack(text: string): Connection[] {
  return text.split('\n').flatMap(line => {
    const protocol = /^(?:ipv[46]\s+\d+\s+)?(tcp|udp|icmp)(?:v6)?\s/.exec(line)?.[1];
    if (protocol === undefined) return [];
    const values = (name: string) => [...line.matchAll(new RegExp(` ${name}=(\\S+)`, 'g'))].map(found => found[1]!);
    const [sources, destinations, from, to, ids] = ['src', 'dst', 'sport', 'dport', 'id'].map(values) as [
      string[],
      string[],
      string[],
      string[],
      string[],
    ];
    if (sources.length < 2 || destinations.length < 2) return [];
    const tuple = (at: number): Tuple => ({
      source: written(sources[at]!, from[at] ?? ids[at]),
      destination: written(destinations[at]!, to[at] ?? ids[at]),
    });
    return [{ protocol: protocol as Connection['protocol'], original: tuple(0), reply: tuple(1) }];
  });
}

/** IPv6 addresses are written in full there. */
function written(address: string, port: string | undefined): ConnectionEnd {
  const short = address.includes(':') ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
  return port === undefined ? { address: short } : { address: short, port: Number(port) };
}

/** <linux/netfilter/nfnetlink.h>: a type is the subsystem in its high byte, 1 for connection tracking, and what it is. */
const IPCTNL_MSG_CT_NEW = 1 << 8;
/** <linux/netfilter/nfnetlink_conntrack.h>. */
const CTA = { TUPLE_ORIG: 1, TUPLE_REPLY: 2 };
const CTA_TUPLE = { IP: 1, PROTO: 2 };
const CTA_IP = { V4_SRC: 1, V4_DST: 2, V6_SRC: 3, V6_DST: 4 };
const CTA_PROTO = { NUM: 1, SRC_PORT: 2, DST_PORT: 3, ICMP_ID: 4, ICMPV6_ID: 7 };
const protocols: Readonly<Record<number, Connection['protocol']>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp' };

/** Connections in the answers to a dump: struct nfgenmsg of four bytes, then attributes. */
export function connectionsIn(answers: readonly Answer[]): Connection[] {
  return answers
    .filter(({ type }) => type === IPCTNL_MSG_CT_NEW)
    .flatMap(({ body }) => {
      const attributes = attributesIn(body, 4);
      const original = tupleIn(attributes.get(CTA.TUPLE_ORIG));
      const reply = tupleIn(attributes.get(CTA.TUPLE_REPLY));
      const protocol = protocols[original?.number ?? 0];
      if (original === undefined || reply === undefined || protocol === undefined) return [];
      return [{ protocol, original: original.tuple, reply: reply.tuple }];
    });
}

/** Ports are in network byte order. */
function tupleIn(attribute: Buffer | undefined): { number: number; tuple: Tuple } | undefined {
  if (attribute === undefined) return undefined;
  const parts = attributesIn(attribute, 0);
  const ip = attributesIn(parts.get(CTA_TUPLE.IP) ?? Buffer.alloc(0), 0);
  const proto = attributesIn(parts.get(CTA_TUPLE.PROTO) ?? Buffer.alloc(0), 0);
  const source = ip.get(CTA_IP.V4_SRC) ?? ip.get(CTA_IP.V6_SRC);
  const destination = ip.get(CTA_IP.V4_DST) ?? ip.get(CTA_IP.V6_DST);
  if (source === undefined || destination === undefined) return undefined;
  const id = proto.get(CTA_PROTO.ICMP_ID) ?? proto.get(CTA_PROTO.ICMPV6_ID);
  const end = (address: Buffer, port = id): ConnectionEnd =>
    port === undefined ? { address: ipOf(address) } : { address: ipOf(address), port: port.readUInt16BE(0) };
  return {
    number: proto.get(CTA_PROTO.NUM)?.[0] ?? 0,
    tuple: {
      source: end(source, proto.get(CTA_PROTO.SRC_PORT)),
      destination: end(destination, proto.get(CTA_PROTO.DST_PORT)),
    },
  };
}
