import { isFrom } from './follow.ts';
import type { Point, Visit, Walk } from './model.ts';
import { tupleOf } from './nat/conntrack.ts';
import type { NatKnowledge } from './nat/knowledge.ts';
import { isForGroup } from './packet/words.ts';
import type { Surroundings } from './surroundings.ts';

/** Makes walks of packets that have been followed: numbers them, says where they were going and what was done to them. */
export class Assembler {
  private count = 0;
  private readonly conversations = new Map<string, number>();
  private lastConversation = 0;

  constructor(
    private readonly points: readonly Point[],
    private readonly surroundings: Surroundings,
    private readonly nat: NatKnowledge,
  ) {}

  async walk(visits: readonly Visit[]): Promise<Walk> {
    const heading = this.headingOf(visits);
    const end = this.endOf(visits, heading);
    const rewrites = await this.nat.rewritesOf(visits, end !== 'unseen');
    const conversation = this.conversationOf(visits);
    return { number: ++this.count, visits, rewrites, heading, conversation, ...(end && { end }) };
  }

  private headingOf(visits: readonly Visit[]): Walk['heading'] {
    const { targets } = this.surroundings;
    const from = targets.some(target =>
      visits.some(({ packet, frame }) => this.isInside(frame.point, target.name) && isFrom(target, packet)),
    );
    const to = targets.some(target =>
      visits.some(({ packet, frame }) => this.isInside(frame.point, target.name) && !isFrom(target, packet)),
    );
    if (from && to) return 'between';
    if (from) return 'out';
    if (to) return 'in';
    const sender = visits.some(({ packet }) => this.surroundings.targetAt(packet.source) !== undefined);
    return sender ? 'out' : 'in';
  }

  private isInside(point: number, container: string): boolean {
    const { role, container: own } = this.points[point]!;
    return own === container && (role === 'container' || role === 'veth');
  }

  /** What became of a packet that was not seen at both ends. */
  private endOf(visits: readonly Visit[], heading: Walk['heading']): Walk['end'] {
    const { packet, frame } = visits.at(-1)!;
    if (packet.protocol === 'arp' || isForGroup(packet) || this.allShared) return undefined;
    const has = (role: Point['role']) => this.points.some(point => point.role === role);
    const { role, interface: name } = this.points[frame.point]!;
    if (heading === 'in') {
      if (role === 'container' || !has('container')) return undefined;
      return name === 'lo' ? 'host' : 'unseen';
    }
    if (heading === 'between' || role === 'host' || this.surroundings.isNeighbour(packet.destination)) return undefined;
    if (this.surroundings.isHost(packet.destination)) return has('bridge') && role !== 'bridge' ? 'unseen' : 'host';
    return has('host') ? 'unseen' : undefined;
  }

  private get allShared(): boolean {
    return this.surroundings.targets.every(({ sharesHost }) => sharesHost);
  }

  /** Connections are known by all addresses that their packets bear, those that only the kernel's table shows among them. */
  private conversationOf(visits: readonly Visit[]): number {
    const keys = visits.flatMap(({ packet }) => {
      const place = this.nat.connections.find(packet);
      const tuples = [tupleOf(packet), place?.before, place?.after];
      return tuples.flatMap(tuple => {
        if (tuple === undefined) return [];
        const ends = [tuple.source, tuple.destination].map(({ address, port }) => `${address} ${port ?? ''}`);
        return [`${packet.protocol} ${ends.sort().join(' ')}`];
      });
    });
    const known = keys.map(key => this.conversations.get(key)).find(Boolean);
    const number = known ?? ++this.lastConversation;
    for (const key of keys) this.conversations.set(key, number);
    return number;
  }
}
