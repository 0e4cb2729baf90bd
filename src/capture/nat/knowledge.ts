import { MinidockError } from '../../errors.ts';
import { type Connection, readConnections } from '../../network/conntrack/table.ts';
import { hostIptables, saveRules } from '../../network/firewall/iptables.ts';
import type { Point, Rewrite, Visit } from '../model.ts';
import type { Surroundings } from '../surroundings.ts';
import { ConnectionTable, tupleOf } from './conntrack.ts';
import { Translations } from './rewrites.ts';
import { parseRules, type Rules } from './rules.ts';

/** How often an unknown connection is looked for: bridged packets, say, are not tracked. */
const mostQuestions = 2;
/** Between two looks at the rules, in milliseconds: iptables-save is a process. */
const rulesEvery = 1000;

/** What the kernel tells of address translation during a capture: its connections and its rules, read again as they are missed. */
export class NatKnowledge {
  readonly connections = new ConnectionTable();
  private readonly translations: Translations;
  evidence: 'conntrack' | 'inferred' = 'conntrack';
  private rules: Rules = new Map();
  private rulesRead = 0;
  private readonly questions = new Map<string, number>();

  private constructor(
    points: readonly Point[],
    private readonly surroundings: Surroundings,
  ) {
    this.translations = new Translations(points, surroundings, this.connections, () => this.rules);
  }

  static async open(points: readonly Point[], surroundings: Surroundings): Promise<NatKnowledge> {
    const knowledge = new NatKnowledge(points, surroundings);
    await Promise.all([knowledge.readTable(), knowledge.readRules()]);
    return knowledge;
  }

  /** Reads the kernel's table again where these packets are of connections that are not known. */
  async learn(packets: readonly (readonly Visit[])[]): Promise<void> {
    const unknown = packets.some(visits => visits.some(({ packet }) => this.asks(packet)));
    if (unknown) await this.readTable();
  }

  /** What was done to a packet's addresses. A rule that is not known is looked for among the rules of this moment. */
  async rewritesOf(visits: readonly Visit[], arrives: boolean): Promise<Rewrite[]> {
    const found = this.translations.of(visits, arrives);
    const missed = found.some(({ kind, rule }) => !kind.startsWith('un-') && rule === undefined);
    if (!missed || Date.now() - this.rulesRead < rulesEvery) return found;
    await this.readRules();
    return this.translations.of(visits, arrives);
  }

  private asks(packet: Visit['packet']): boolean {
    const tuple = tupleOf(packet);
    if (tuple === undefined || packet.protocol === 'arp' || packet.protocol === 'other') return false;
    if (this.connections.find(packet) !== undefined) return false;
    const key = JSON.stringify([packet.protocol, tuple]);
    const asked = this.questions.get(key) ?? 0;
    if (asked >= mostQuestions) return false;
    if (this.questions.size > 20_000) this.questions.clear();
    this.questions.set(key, asked + 1);
    return true;
  }

  private async readTable(): Promise<void> {
    const found = await readConnections();
    this.evidence = found === undefined ? 'inferred' : 'conntrack';
    for (const connection of found ?? []) if (this.concerns(connection)) this.connections.add(connection);
  }

  private concerns({ original, reply }: Connection): boolean {
    const ends = [original.source, original.destination, reply.source, reply.destination];
    return ends.some(({ address }) => this.surroundings.targetAt(address) !== undefined);
  }

  private async readRules(): Promise<void> {
    this.rulesRead = Date.now();
    try {
      this.rules = parseRules(await saveRules(hostIptables, 'nat'));
    } catch (error) {
      // Without iptables nobody translates, or it is not iptables that does.
      if (!(error instanceof MinidockError)) throw error;
    }
  }
}
