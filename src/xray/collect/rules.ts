import { readProc } from '../../host/proc.ts';
import { systemPath, systemProgram } from '../../host/programs.ts';
import { startProcess } from '../../syscalls/start-process.ts';
import type { PublishedPort, Rule, Rules } from '../network-model.ts';

/** What makes a rule the container's: its addresses without their bits, and its bridges with their subnets. */
export interface Concern {
  readonly addresses: readonly string[];
  readonly bridges: readonly string[];
  /** A comment that minidock writes to rules of this container; for one that has no address any more. */
  readonly comment?: string;
}

/** What iptables-save and ip6tables-save say, with counters; undefined where that program is not there or fails. */
export interface Saved {
  readonly v4: string | undefined;
  readonly v6: string | undefined;
}

/** Both at once: each only reads. */
export async function saveRules(): Promise<Saved> {
  const [v4, v6] = await Promise.all([save('iptables-save'), save('ip6tables-save')]);
  return { v4, v6 };
}

function save(name: string): Promise<string | undefined> {
  const program = systemProgram(name);
  if (program === undefined) return Promise.resolve(undefined);
  return new Promise(resolve => {
    const child = startProcess(program, ['-c'], {
      env: { PATH: systemPath, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', chunk => {
      text += chunk;
    });
    child.on('error', () => resolve(undefined));
    child.on('close', status => resolve(status === 0 ? text : undefined));
  });
}

/** The rules of both families that concern a container, and how the built-in chains end that they stand in. */
export function rulesSeen(saved: Saved, concern: Concern): Rules {
  const families = [
    [4, saved.v4],
    [6, saved.v6],
  ] as const;
  const all = families.flatMap(([family, text]) => {
    const { rules, policies } = parseSaved(text ?? '', family);
    const found = concerning(rules, concern);
    const isShown = (table: string, chain: string) => found.some(one => one.table === table && one.chain === chain);
    return [{ rules: found, policies: policies.filter(({ table, chain }) => isShown(table, chain)) }];
  });
  return {
    forwarding: readProc('/proc/sys/net/ipv4/ip_forward')?.trim() === '1',
    rules: all.flatMap(({ rules }) => rules),
    policies: all.flatMap(({ policies }) => policies),
    ...(saved.v4 === undefined && { unreadable: 'iptables-save' }),
  };
}

/** The text of `iptables-save -c`. */
export function parseSaved(text: string, family: 4 | 6): Pick<Rules, 'rules' | 'policies'> {
  let table = '';
  const rules: Rule[] = [];
  const policies: Rules['policies'][number][] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1);
    const [, chain, policy, packets, bytes] = /^:(\S+) (\S+) \[(\d+):(\d+)\]/.exec(line) ?? [];
    if (chain !== undefined && policy !== '-')
      policies.push({ family, table, chain, policy: policy!, packets: Number(packets), bytes: Number(bytes) });
    const [, before, more, at, rule] = /^\[(\d+):(\d+)\] -A (\S+) ?(.*)$/.exec(line) ?? [];
    if (at !== undefined)
      rules.push({ family, table, chain: at, rule: rule!, packets: Number(before), bytes: Number(more) });
  }
  return { rules, policies };
}

/**
 * The rules that name the container's address or bridge; those beside them that name nothing of others, in chains that are for
 * the bridge alone; and the jumps that lead there.
 */
export function concerning(rules: readonly Rule[], concern: Concern): Rule[] {
  const chains = new Map<string, Rule[]>();
  for (const rule of rules) chains.set(keyOf(rule), [...(chains.get(keyOf(rule)) ?? []), rule]);
  const chosen = new Set<Rule>();
  for (const inChain of chains.values()) {
    const chain = inChain[0]!.chain;
    const isOwn = isGuarded(inChain[0]!, concern) || concern.bridges.some(bridge => chain.includes(bridge));
    for (const rule of inChain) {
      const other = isOthers(rule, concern);
      if (!other && (names(rule, concern) || isOwn)) chosen.add(rule);
    }
  }
  for (let before = -1; before !== chosen.size; ) {
    before = chosen.size;
    const reached = new Set([...chosen].map(keyOf));
    for (const rule of rules) {
      const target = / -[jg] (\S+)/.exec(` ${rule.rule}`)?.[1];
      if (target !== undefined && reached.has(`${rule.family} ${rule.table} ${target}`)) chosen.add(rule);
    }
  }
  return rules.filter(rule => chosen.has(rule));
}

const keyOf = ({ family, table, chain }: Rule) => `${family} ${table} ${chain}`;

/** The first rule sends all else away: `! -o minidock0 -j RETURN`. */
const isGuarded = ({ rule }: Rule, { bridges }: Concern) =>
  bridges.some(bridge => [`! -o ${bridge} -j RETURN`, `! -i ${bridge} -j RETURN`].includes(rule));

/** An interface, an address or a network of the container's stands in it. */
function names({ rule }: Rule, { addresses, bridges, comment }: Concern): boolean {
  if (comment !== undefined && rule.includes(comment)) return true;
  const words = rule.split(' ');
  return words.some((word, i) => {
    const before = words[i - 1];
    if (before === '-i' || before === '-o') return bridges.includes(word);
    if (before === '-s' || before === '-d') return addresses.some(address => holds(word, address));
    if (before === '--to-destination') return addresses.includes(hostOf(word));
    return false;
  });
}

/** It is about the port of another container. */
const isOthers = ({ rule }: Rule, { addresses, comment }: Concern) => {
  const target = / --to-destination (\S+)/.exec(rule)?.[1];
  return target !== undefined && comment === undefined && !addresses.includes(hostOf(target));
};

/** `172.18.0.2:80` → `172.18.0.2`, `[fd00::2]:80` → `fd00::2`. */
const hostOf = (target: string) => /^\[([^\]]+)\]/.exec(target)?.[1] ?? target.replace(/:\d+(-\d+)?$/, '');

/** Whether a network of at least one bit holds the address; `127.0.0.0/8` does not hold 172.18.0.2. */
function holds(network: string, address: string): boolean {
  const [base, bits] = network.split('/');
  if (base === address) return true;
  if (bits === undefined || base!.includes(':') || address.includes(':')) return false;
  const number = (text: string) => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  return Number(bits) > 0 && Math.floor(number(base!) / size) === Math.floor(number(address) / size);
}

/** What the NAT rules rewrite to the container's addresses. */
export function publishedIn(rules: readonly Rule[]): PublishedPort[] {
  return rules.flatMap(({ table, rule, packets, bytes, family }) => {
    const value = (option: string) => new RegExp(`(?:^| )${option} (\\S+)`).exec(rule)?.[1];
    const target = value('--to-destination');
    const hostPort = value('--dport');
    if (table !== 'nat' || target === undefined || hostPort === undefined) return [];
    return {
      protocol: value('-p') ?? 'tcp',
      hostAddress: value('-d')?.replace(/\/(32|128)$/, '') ?? (family === 6 ? '::' : '0.0.0.0'),
      hostPort: Number(hostPort),
      address: hostOf(target),
      port: Number(/:(\d+)$/.exec(target)?.[1] ?? hostPort),
      packets,
      bytes,
    };
  });
}
