import { hostIptables, type Iptables, restoreRules, saveRules } from '../firewall/iptables.ts';
import { type Published, portRules, rulesOf } from '../firewall/port-rules.ts';
import { countOwnChange } from '../firewall/rules-seen.ts';
import type { Network } from '../network.ts';

/**
 * Makes the ports reach the container. Only once the shim holds them: a rule for a port that another process serves would
 * take its connections away. The rules go before those of others: what a crash left of an earlier holder of the port has no
 * say. Rejects where the chain for them has vanished: `checkFirewall` makes it anew.
 */
export async function publishPorts(
  network: Pick<Network, 'bridge'>,
  published: Published,
  iptables: Iptables = hostIptables,
  rules: typeof portRules = portRules,
): Promise<void> {
  if (published.ports.length === 0) return;
  await restoreRules(natTable(rules(network.bridge, published).map(rule => `-I ${rule}`)), iptables);
}

/**
 * Takes the container's rules away, those with its comment and no others. Idempotent. With `known` ports it is one
 * process in the usual case; without, as after a crash, the rules are looked for.
 */
export async function removePorts(
  network: Pick<Network, 'bridge' | 'directory'>,
  shortId: string,
  known?: Omit<Published, 'shortId'>,
  iptables: Iptables = hostIptables,
): Promise<void> {
  if (known?.ports.length === 0) return;
  if (known !== undefined) {
    const rules = portRules(network.bridge, { ...known, shortId });
    try {
      await restoreRules(natTable(rules.map(rule => `-D ${rule}`)), iptables);
      countOwnChange(network);
      return;
    } catch {
      // One of them is gone already, and so nothing was removed: see what is there.
    }
  }
  const left = rulesOf(await saveRules(iptables, 'nat'), network.bridge, shortId);
  if (left.length > 0) await restoreRules(natTable(left.map(rule => rule.replace(/^-A/, '-D'))), iptables);
}

function natTable(lines: readonly string[]): string {
  return `*nat\n${lines.join('\n')}\nCOMMIT\n`;
}
