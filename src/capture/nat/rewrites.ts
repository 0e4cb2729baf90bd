import type { Tuple } from '../../network/conntrack/table.ts';
import type { Endpoint, Point, Rewrite, RewriteKind, Visit } from '../model.ts';
import { printEndpoint } from '../model.ts';
import type { Surroundings } from '../surroundings.ts';
import { type ConnectionTable, type Place, tupleOf } from './conntrack.ts';
import { type FoundRule, findRule, type Passing, type Rules } from './rules.ts';

const fields = ['destination', 'source'] as const;
type Field = (typeof fields)[number];
type Change = Pick<Rewrite, 'field' | 'before' | 'after' | 'at'>;

/** Finds out what was done to the addresses of a packet, by comparing its points, and says who did it. */
export class Translations {
  /** Changes that have been seen, to know their undoing where the kernel's table is not there. */
  private readonly seen = new Set<string>();

  constructor(
    private readonly points: readonly Point[],
    private readonly surroundings: Surroundings,
    private readonly connections: ConnectionTable,
    private readonly rules: () => Rules,
  ) {}

  /** `arrives`: the packet went on behind its last point, as far as anybody knows. */
  of(visits: readonly Visit[], arrives: boolean): Rewrite[] {
    const tuples = visits.map(({ packet }) => tupleOf(packet));
    const place = visits.map(({ packet }) => this.connections.find(packet)).find(Boolean);
    const changes = fields.flatMap(field => changesOf(field, tuples, place, arrives));
    return changes.sort((a, b) => a.at - b.at).map(change => this.explain(change, visits, place));
  }

  private explain(change: Change, visits: readonly Visit[], place: Place | undefined): Rewrite {
    const evidence = place === undefined ? ('inferred' as const) : ('conntrack' as const);
    const undone = place === undefined ? this.seemsUndone(change, visits) : place.direction === 'reply';
    const sides = place?.connection;
    const { protocol } = visits[0]!.packet;
    this.seen.add(`${change.field} ${printEndpoint(change.before)} ${printEndpoint(change.after)}`);
    if (undone) return { ...change, kind: change.field === 'source' ? 'un-DNAT' : 'un-SNAT', evidence };
    const here = tupleOf(visits[Math.min(change.at, visits.length - 1)]!.packet)!;
    const translated = sides !== undefined && !same(sides.original.destination, sides.reply.source);
    const rule =
      change.field === 'destination'
        ? this.ruleFor('DNAT', change, visits, {
            protocol,
            ...(sides?.original ?? { ...here, destination: change.before }),
          })
        : this.ruleFor('SNAT', change, visits, {
            protocol,
            source: change.before,
            destination: place?.after.destination ?? here.destination,
            translated,
          });
    const kind: RewriteKind =
      change.field === 'destination' ? 'DNAT' : rule?.target === 'MASQUERADE' ? 'MASQUERADE' : 'SNAT';
    return { ...change, kind, evidence, ...(rule && { rule: { chains: rule.chains, text: rule.text } }) };
  }

  /** Destinations are changed as a packet comes in, or leaves a process of the host; sources as it goes out. */
  private ruleFor(
    kind: 'DNAT' | 'SNAT',
    { at }: Change,
    visits: readonly Visit[],
    packet: Passing,
  ): FoundRule | undefined {
    const interfaceAt = (visit: number): string | undefined => {
      const point = this.points[visits[visit]?.frame.point ?? -1];
      return point?.role === 'host' || point?.role === 'bridge' ? point.interface : undefined;
    };
    const rules = this.rules();
    if (kind === 'SNAT') return findRule(rules, 'POSTROUTING', { ...packet, outgoing: interfaceAt(at) });
    const chains = at === 0 && this.surroundings.isHost(packet.source.address) ? ['OUTPUT'] : ['PREROUTING'];
    return chains.map(chain => findRule(rules, chain, { ...packet, incoming: interfaceAt(at - 1) })).find(Boolean);
  }

  /** Without the kernel's table: the other way round has been seen, or the packet looks like an answer. */
  private seemsUndone({ field, before, after }: Change, visits: readonly Visit[]): boolean {
    const other: Field = field === 'source' ? 'destination' : 'source';
    if (this.seen.has(`${other} ${printEndpoint(after)} ${printEndpoint(before)}`)) return true;
    const { tcp, protocol } = visits[0]!.packet;
    if (tcp?.flags.includes('SYN')) return tcp.flags.includes('ACK');
    const published = this.surroundings.targets.flatMap(({ ports }) => ports).filter(one => one.protocol === protocol);
    if (field === 'source') return published.some(one => one.container === before.port && one.host === after.port);
    return !published.some(one => one.host === before.port && one.container === after.port);
  }
}

/** Changes between two points, and those that only the kernel's table shows: before the first point, behind the last. */
function changesOf(
  field: Field,
  tuples: readonly (Tuple | undefined)[],
  place: Place | undefined,
  arrives: boolean,
): Change[] {
  const found: Change[] = [];
  for (let at = 1; at < tuples.length; at++) {
    const [before, after] = [tuples[at - 1]?.[field], tuples[at]?.[field]];
    if (before !== undefined && after !== undefined && !same(before, after)) found.push({ field, before, after, at });
  }
  if (found.length > 0 || place === undefined) return found;
  const [before, after] = [place.before[field], place.after[field]];
  if (same(before, after)) return [];
  const first = tuples[0]?.[field];
  const last = tuples.at(-1)?.[field];
  if (first !== undefined && same(first, after)) return [{ field, before, after, at: 0 }];
  if (arrives && last !== undefined && same(last, before)) return [{ field, before, after, at: tuples.length }];
  return [];
}

const same = (a: Endpoint, b: Endpoint) => a.address === b.address && a.port === b.port;
