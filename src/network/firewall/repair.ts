import type { Network } from '../network.ts';
import { alone, missingRules } from './firewall.ts';
import { changeRules, hostIptables, type Iptables } from './iptables.ts';
import { type Published, portRules, rulesOf } from './port-rules.ts';

/**
 * Restores every missing rule of a network, those of published ports too, even where only one of these is missing. Returns what
 * was missing, a line each: `filter: -A FORWARD -j MINIDOCK-FORWARD`.
 */
export async function repairFirewall(
  network: Network,
  published: readonly Published[],
  iptables: Iptables = hostIptables,
): Promise<string[]> {
  let missing = '';
  await alone(async () => {
    const change = (saved: string) => missingRules(network, saved) + missingPorts(network, saved, published);
    missing = await changeRules(change, iptables);
  });
  return describeRules(missing);
}

/**
 * The input for iptables-restore for containers of which a port's rule is missing: all rules of such a container are written
 * anew.
 */
function missingPorts(network: Network, saved: string, published: readonly Published[]): string {
  const lines = published.flatMap(one => {
    const there = rulesOf(saved, network.bridge, one.shortId);
    if (there.length >= one.ports.length) return [];
    const wanted = portRules(network.bridge, one).map(rule => `-I ${rule}`);
    return [...there.map(rule => rule.replace(/^-A/, '-D')), ...wanted];
  });
  return lines.length === 0 ? '' : `*nat\n${lines.join('\n')}\nCOMMIT\n`;
}

/** What was restored, in an administrator's words: a chain that is written anew is one line. */
function describeRules(restored: string): string[] {
  const lines: string[] = [];
  const made = new Set<string>();
  let table = '';
  for (const line of restored.split('\n')) {
    if (line.startsWith('*')) {
      table = line.slice(1);
      made.clear();
    } else if (/^(:|-N )/.test(line)) {
      const [, chain = ''] = /^(?::|-N )(\S+)/.exec(line) ?? [];
      made.add(chain);
      lines.push(`${table}: chain ${chain}`);
    } else if (/^-[AI] /.test(line)) {
      const [, chain = '', rule = ''] = /^-[AI] (\S+) (?:\d+ )?(.*)$/.exec(line) ?? [];
      if (!made.has(chain)) lines.push(`${table}: -A ${chain} ${rule}`);
    }
  }
  return lines;
}
