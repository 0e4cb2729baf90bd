import { hostIptables, type Iptables, restoreRules, saveRules } from '../firewall/iptables.ts';
import { type Published, portRules, rulesOf } from '../firewall/port-rules.ts';
import { countOwnChange } from '../firewall/rules-seen.ts';
import type { Network } from '../network.ts';

/**
 * Adds the rules that translate the host's ports to the container. To be called only once the shim holds the ports: a
 * rule for a port that another process serves would take its connections away. The rules are inserted before others, so
 * that rules that a crash left for an earlier holder of the port have no effect. Rejects where the chain is missing:
 * `checkFirewall` makes it again.
 */
export async function publishPorts(
  network: Pick<Network, 'bridge'>,
  published: Published,
  iptables: Iptables = hostIptables,
  rules: typeof portRules = portRules,
): Promise<void> {
  if (published.ports.length === 0) return;
  await restoreRules(natTable(rules(network.bridge, published).map(rule => `-I ${rule}`)), iptables);
  await forgetFlows(published, 'published');
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
      await forgetFlows(known, 'removed');
      return;
    } catch {
      // One of the rules was gone already, so iptables-restore removed none: look for those that are left.
    }
  }
  const left = rulesOf(await saveRules(iptables, 'nat'), network.bridge, shortId);
  if (left.length > 0) await restoreRules(natTable(left.map(rule => rule.replace(/^-A/, '-D'))), iptables);
  if (known !== undefined) await forgetFlows(known, 'removed');
}

/** What was decided of UDP before holds on, whatever the rules say: see `flows.ts`. */
async function forgetFlows(published: Omit<Published, 'shortId'>, when: 'published' | 'removed'): Promise<void> {
  if (!published.ports.some(({ protocol }) => protocol === 'udp')) return;
  const { forget } = await import('./flows.ts');
  await forget(published, when);
}

function natTable(lines: readonly string[]): string {
  return `*nat\n${lines.join('\n')}\nCOMMIT\n`;
}
