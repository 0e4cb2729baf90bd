import { hostIptables, type Iptables, restoreRules, saveRules } from '../firewall/iptables.ts';
import { type Published, portRules, rulesOf } from '../firewall/port-rules.ts';
import { countOwnChange } from '../firewall/rules-seen.ts';
import type { Network } from '../network.ts';

/**
 * Adds the rules that translate the host's ports to the container. To be called once the shim holds the ports: a rule for a
 * port of another server would take its connections. The rules are inserted before others, so that rules that a crash left for
 * an earlier container have no effect. Rejects where the chain is missing; `checkFirewall` makes it again.
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
 * Removes the rules that have the container's comment, and no others. Idempotent. With `known` ports this is usually one
 * process; without them, as after a crash, the rules are looked for.
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
      // One of the rules was missing, so iptables-restore removed none: look for those that are left.
    }
  }
  const left = rulesOf(await saveRules(iptables, 'nat'), network.bridge, shortId);
  if (left.length > 0) await restoreRules(natTable(left.map(rule => rule.replace(/^-A/, '-D'))), iptables);
  if (known !== undefined) await forgetFlows(known, 'removed');
}

/** UDP flows keep their translation whatever the rules say: see flows.ts. */
async function forgetFlows(published: Omit<Published, 'shortId'>, when: 'published' | 'removed'): Promise<void> {
  if (!published.ports.some(({ protocol }) => protocol === 'udp')) return;
  const { forget } = await import('./flows.ts');
  await forget(published, when);
}

function natTable(lines: readonly string[]): string {
  return `*nat\n${lines.join('\n')}\nCOMMIT\n`;
}
