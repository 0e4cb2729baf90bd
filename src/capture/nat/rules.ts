import type { Endpoint } from '../model.ts';
import { contains } from './subnets.ts';

/** One line of `iptables-save -t nat` that begins with -A, taken apart as far as a packet's way through the table needs it. */
interface Rule {
  readonly chain: string;
  readonly text: string;
  readonly target: string;
  /** Option, its value, and whether `!` stands before it. */
  readonly matches: readonly { readonly option: string; readonly value: string; readonly not: boolean }[];
}

/** A packet as it meets a chain. Interfaces are undefined where they are not known: then what asks for them may match. */
export interface Passing {
  readonly protocol: string;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly incoming?: string;
  readonly outgoing?: string;
  /** The connection's destination was changed: `--ctstate DNAT`. */
  readonly translated?: boolean;
}

export interface FoundRule {
  /** From the kernel's chain to the rule's own: `PREROUTING`, `MINIDOCK`. */
  readonly chains: readonly string[];
  readonly text: string;
  readonly target: string;
}

export type Rules = ReadonlyMap<string, readonly Rule[]>;

/** The rules of a table by chain, from what iptables-save printed of it. */
export function parseRules(saved: string): Rules {
  const chains = new Map<string, Rule[]>();
  for (const line of saved.split('\n')) {
    const words = line.startsWith('-A ') ? wordsOf(line) : [];
    const [, chain] = words;
    if (chain === undefined) continue;
    chains.set(chain, [...(chains.get(chain) ?? []), ruleOf(chain, line, words.slice(2))]);
  }
  return chains;
}

/** Words as iptables-save quotes them: `--comment "two words"`. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"((?:\\.|[^"\\])*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

function ruleOf(chain: string, text: string, words: readonly string[]): Rule {
  const matches: { option: string; value: string; not: boolean }[] = [];
  let target = '';
  let not = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === '!') not = true;
    else if (word === '-j' || word === '-g') target = words[++at] ?? '';
    else if (word.startsWith('-')) {
      const value = words[at + 1]?.startsWith('-') || words[at + 1] === '!' ? '' : (words[++at] ?? '');
      matches.push({ option: word, value, not });
      not = false;
    }
  }
  return { chain, text, target, matches };
}

const translations = new Set(['DNAT', 'REDIRECT', 'SNAT', 'MASQUERADE', 'NETMAP']);

/**
 * The first rule of the nat table that translates such a packet, looked for as the kernel does from one of its own chains
 * on; undefined where none does.
 */
export function findRule(rules: Rules, start: string, packet: Passing): FoundRule | undefined {
  const visit = (chain: string, way: readonly string[]): FoundRule | 'accepted' | undefined => {
    if (way.includes(chain)) return undefined;
    for (const rule of rules.get(chain) ?? []) {
      if (!rule.matches.every(match => holds(match, packet))) continue;
      const chains = [...way, chain];
      if (translations.has(rule.target)) return { chains, text: rule.text, target: rule.target };
      if (rule.target === 'RETURN') return undefined;
      if (rule.target === 'ACCEPT') return 'accepted';
      const found = rules.has(rule.target) ? visit(rule.target, chains) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const found = visit(start, []);
  return found === 'accepted' ? undefined : found;
}

/** Whether a match holds. Of what is not known here (addrtype, mark, set …) it is taken to hold: minidock asks it of every packet. */
function holds({ option, value, not }: Rule['matches'][number], packet: Passing): boolean {
  const answer = judge(option, value, packet);
  return answer === undefined || answer !== not;
}

function judge(option: string, value: string, packet: Passing): boolean | undefined {
  switch (option) {
    case '-p':
      return value === 'all' || value === packet.protocol;
    case '-s':
      return contains(value, packet.source.address);
    case '-d':
      return contains(value, packet.destination.address);
    case '--sport':
      return portIn(value, packet.source.port);
    case '--dport':
      return portIn(value, packet.destination.port);
    case '--dports':
      return value.split(',').some(one => portIn(one, packet.destination.port));
    case '-i':
      return packet.incoming === undefined ? undefined : interfaceIs(value, packet.incoming);
    case '-o':
      return packet.outgoing === undefined ? undefined : interfaceIs(value, packet.outgoing);
    case '--ctstate':
      return value.split(',').includes('DNAT') ? packet.translated : undefined;
    default:
      return undefined;
  }
}

function portIn(range: string, port: number | undefined): boolean {
  const [from, to = from] = range.split(':');
  return port !== undefined && port >= Number(from || 0) && port <= Number(to || 65535);
}

/** `br-+` is every name that begins so. */
function interfaceIs(pattern: string, name: string): boolean {
  return pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
