import { withLock } from '../../state/lock.ts';
import { enginesDirectory, firewallLock } from '../../state/paths.ts';
import { privateDirectory } from '../../state/private.ts';
import type { Network } from '../network.ts';
import { chainsOf } from './chains.ts';
import { changeRules, hostIptables, type Iptables, restoreRules, saveRules } from './iptables.ts';
import { misplaced, surplus } from './order.ts';
import { planOf, type Table } from './plan.ts';
import { type Published, portRules, rulesOf } from './port-rules.ts';

const tables: readonly Table[] = ['raw', 'mangle', 'nat', 'filter'];

/** Rules of one table of a saved rule set, in order, and the names of its chains. */
function tableOf(saved: string, table: Table): { chains: Set<string>; rules: string[] } {
  const all = saved.split('\n');
  const start = all.indexOf(`*${table}`);
  const lines = start < 0 ? [] : all.slice(start, all.indexOf('COMMIT', start));
  return {
    chains: new Set(lines.filter(line => line.startsWith(':')).map(line => line.slice(1).split(' ')[0]!)),
    rules: lines.filter(line => line.startsWith('-A ')),
  };
}

/**
 * The input for iptables-restore that adds the rules of the bridge which a saved rule set lacks; empty where none is missing.
 * Chains of the bridge are written anew unless they hold exactly their rules; a jump that stands there twice is reduced to its
 * first. Where anything is missing, the rules of the ports in `published` are checked too: whoever flushed the ones has flushed
 * the others.
 *
 * Shared chains are made by a command that iptables refuses where the chain is there: iptables-save of nf_tables exits with 0
 * also where the kernel had no memory to tell it the chains, and a declaration would empty what other engines have in them.
 */
export function missingRules(
  network: Network,
  saved: string,
  published: () => readonly Published[] = () => [],
): string {
  const plan = planOf(network);
  const { forward } = chainsOf(network.bridge);
  const missing = (table: Table): string[] => {
    const there = tableOf(saved, table);
    const rulesIn = (chain: string) =>
      there.rules.filter(rule => chainOf(rule) === chain).map(rule => rule.slice(`-A ${chain} `.length));
    const own = plan.own
      .filter(one => one.table === table)
      .filter(({ chain, rules }) => !there.chains.has(chain) || rulesIn(chain).join('\n') !== rules.join('\n'));
    const shared = plan.shared.filter(one => one.table === table && !there.chains.has(one.chain));
    const wanted = plan.jumps
      .filter(jump => jump.table === table)
      .map(jump => ({ ...jump, rule: [jump.match, `-j ${jump.target}`].filter(Boolean).join(' ') }));
    const jumps = wanted.filter(({ chain, rule }) => !rulesIn(chain).includes(rule));
    return [
      ...own.map(({ chain }) => `:${chain} - [0:0]`),
      ...shared.map(({ chain }) => `-N ${chain}`),
      ...own.flatMap(({ chain, rules }) => rules.map(rule => `-A ${chain} ${rule}`)),
      ...surplus(rulesIn, wanted),
      ...jumps.map(({ chain, rule, insert }) => (insert ? `-I ${chain} 1 ${rule}` : `-A ${chain} ${rule}`)),
      ...(table === 'filter'
        ? misplaced(
            rulesIn,
            jumps.some(jump => jump.chain === forward && jump.insert),
          )
        : []),
    ];
  };
  const lines = {
    raw: missing('raw'),
    mangle: missing('mangle'),
    nat: missing('nat'),
    filter: missing('filter'),
  };
  if (tables.every(table => lines[table].length === 0)) return '';
  const lost = published().filter(({ shortId }) => rulesOf(saved, network.bridge, shortId).length === 0);
  lines.nat.push(...lost.flatMap(one => portRules(network.bridge, one).map(rule => `-I ${rule}`)));
  return restoreFile(table => lines[table]);
}

/**
 * The input for iptables-restore that removes the bridge's chains, and the shared one where no other bridge uses it. That one is
 * not flushed: iptables refuses to remove it where it holds more than was read.
 */
export function removalRules(network: Pick<Network, 'bridge'>, saved: string): string {
  const chains = chainsOf(network.bridge);
  const mine = new Set([
    chains.raw,
    chains.internal,
    chains.dnat,
    chains.snat,
    chains.incoming,
    chains.outgoing,
    chains.names,
  ]);
  return restoreFile(table => {
    const there = tableOf(saved, table);
    const jumps = there.rules.filter(rule => mine.has(targetOf(rule)) && !mine.has(chainOf(rule)));
    const gone = [...mine].filter(chain => there.chains.has(chain));
    const shared: string[] = [];
    const others = there.rules.some(
      rule => chainOf(rule) === chains.forward && !mine.has(targetOf(rule)) && targetOf(rule) !== chains.user,
    );
    if (table === 'filter' && there.chains.has(chains.forward) && !others) {
      const ofForward = (rule: string) => targetOf(rule) === chains.forward;
      const toUser = (rule: string) => chainOf(rule) === chains.forward && targetOf(rule) === chains.user;
      jumps.push(...there.rules.filter(rule => ofForward(rule) || toUser(rule)));
      shared.push(chains.forward, ...(isUnused(there, chains.user, chains.forward) ? [chains.user] : []));
    }
    return [
      ...jumps.map(rule => rule.replace(/^-A/, '-D')),
      ...gone.map(chain => `-F ${chain}`),
      ...[...gone, ...shared].map(chain => `-X ${chain}`),
    ];
  });
}

/** Whether the administrator's chain is unused: it is empty, and nothing but `from` jumps to it. We never empty it. */
const isUnused = ({ chains, rules }: ReturnType<typeof tableOf>, chain: string, from: string): boolean =>
  chains.has(chain) &&
  !rules.some(rule => chainOf(rule) === chain || (targetOf(rule) === chain && chainOf(rule) !== from));

const chainOf = (rule: string): string => rule.split(' ')[1] ?? '';
const targetOf = (rule: string): string => / -j (\S+)/.exec(rule)?.[1] ?? '';

function restoreFile(linesOf: (table: Table) => readonly string[]): string {
  return tables
    .map(table => ({ table, lines: linesOf(table) }))
    .filter(({ lines }) => lines.length > 0)
    .map(({ table, lines }) => `*${table}\n${lines.join('\n')}\nCOMMIT\n`)
    .join('');
}

/**
 * Checks the bridge's rules and restores those that are missing: `iptables -F` or another program can flush them at any
 * moment, and the bridge is then not isolated. If nothing is missing this is one process that only reads. Idempotent.
 * If something was missing, the rules of `published` are restored as well.
 */
export async function checkFirewall(
  network: Network,
  iptables: Iptables = hostIptables,
  published?: () => readonly Published[],
): Promise<FirewallSeen> {
  const saved = await saveRules(iptables);
  if (missingRules(network, saved) === '') return { mended: false, counted: isCounted(saved) };
  await alone(async () => {
    await changeRules(now => missingRules(network, now, published), iptables);
  });
  return { mended: true, counted: isCounted(saved) };
}

export interface FirewallSeen {
  /** Whether rules were missing and have been restored. */
  mended: boolean;
  /** The rules are in nf_tables, whose generation counts their changes (`ruleGeneration`); those of legacy iptables are not. */
  counted: boolean;
}

/**
 * Whether iptables works over nf_tables, by the first line of iptables-save: `# Generated by iptables-save v1.8.9 (nf_tables)
 * on …`.
 */
function isCounted(saved: string): boolean {
  return /^# Generated by \S+ \S+ \(nf_tables\)/.test(saved);
}

/** Removes the bridge's chains and the jumps to them. Idempotent. */
export async function removeFirewall(
  network: Pick<Network, 'bridge'>,
  iptables: Iptables = hostIptables,
): Promise<void> {
  await alone(async () => {
    await changeRules(saved => removalRules(network, saved), iptables);
  });
}

/** Runs `action` under a lock of the machine: the engines share some chains. */
export async function alone(action: () => Promise<void>): Promise<void> {
  privateDirectory(enginesDirectory);
  await withLock(firewallLock, action);
}

/** Sets the policy DROP for forwarding, as Docker does when it switches forwarding on. */
export async function dropForwarded(iptables: Iptables = hostIptables): Promise<void> {
  await restoreRules('*filter\n:FORWARD DROP [0:0]\nCOMMIT\n', iptables);
}
