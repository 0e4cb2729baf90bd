import type { Endpoint } from '../model.ts';
import type { Packet } from '../packet/decode.ts';
import { endpointsIn } from '../packet/words.ts';

/** One direction of a connection: who sends to whom. */
export interface Tuple {
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

/**
 * A connection that the kernel tracks: `original` as its first packet was before any translation, `reply` as its answers are
 * before theirs is taken back. Where nothing is translated, one is the other turned round.
 */
export interface Connection {
  readonly protocol: Packet['protocol'];
  readonly original: Tuple;
  readonly reply: Tuple;
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
      source: endpoint(sources[at]!, from[at] ?? ids[at]),
      destination: endpoint(destinations[at]!, to[at] ?? ids[at]),
    });
    return [{ protocol: protocol as Connection['protocol'], original: tuple(0), reply: tuple(1) }];
  });
}

/** Addresses of IPv6 stand there in full. */
function endpoint(address: string, port: string | undefined): Endpoint {
  const short = address.includes(':') ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
  return port === undefined ? { address: short } : { address: short, port: Number(port) };
}

const turned = ({ source, destination }: Tuple): Tuple => ({ source: destination, destination: source });
const keyOf = (protocol: string, { source, destination }: Tuple): string =>
  `${protocol} ${source.address} ${source.port ?? ''} ${destination.address} ${destination.port ?? ''}`;

/** A packet's place in its connection: what it was before translation in its own direction, and what it is after. */
export interface Place {
  readonly connection: Connection;
  readonly direction: 'original' | 'reply';
  readonly before: Tuple;
  readonly after: Tuple;
}

/** Connections by each of the four tuples that their packets bear on the wire. */
export class ConnectionTable {
  private readonly places = new Map<string, Place>();
  /** A capture of days sees many connections: of those that nobody asked for again the oldest go. */
  private static readonly most = 40_000;

  add(connection: Connection): void {
    const { protocol, original, reply } = connection;
    const sent: Place = { connection, direction: 'original', before: original, after: turned(reply) };
    const answered: Place = { connection, direction: 'reply', before: reply, after: turned(original) };
    for (const place of [sent, answered])
      for (const tuple of [place.before, place.after]) {
        const key = keyOf(protocol, tuple);
        this.places.delete(key);
        this.places.set(key, place);
      }
    for (const key of this.places.keys()) {
      if (this.places.size <= ConnectionTable.most) break;
      this.places.delete(key);
    }
  }

  /** Where the kernel's table knows a packet with these addresses. */
  find(packet: Packet): Place | undefined {
    const tuple = tupleOf(packet);
    return tuple === undefined ? undefined : this.places.get(keyOf(packet.protocol, tuple));
  }
}

/** The addresses of a packet as conntrack counts them: an echo has its identifier on both sides. */
export function tupleOf(packet: Packet): Tuple | undefined {
  const ends = endpointsIn(packet);
  const id = packet.icmp?.id;
  if (ends === undefined || id === undefined) return ends;
  return { source: { ...ends.source, port: id }, destination: { ...ends.destination, port: id } };
}
