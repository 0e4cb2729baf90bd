import type { Connection, Tuple } from '../../network/conntrack/table.ts';
import type { Packet } from '../packet/decode.ts';
import { endpointsIn } from '../packet/words.ts';

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
