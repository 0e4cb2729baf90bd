import type { Roots } from '../../state/paths.ts';
import { mendFirewall } from '../bridge.ts';
import { chainsOf } from '../firewall/firewall.ts';
import { hostIptables, type Iptables, restoreRules, saveRules } from '../firewall/iptables.ts';
import type { Network } from '../network.ts';
import { anyAddress, type Port } from './ports.ts';

/** A container's published ports. */
export interface Published {
  /** The first twelve digits: every rule carries it. */
  readonly shortId: string;
  readonly address: string;
  readonly ports: readonly Port[];
}

/** Translation rules, one a port, in the words of iptables without `-A`. */
export function portRules(bridge: string, { shortId, address, ports }: Published): string[] {
  return ports.map(({ hostIp, hostPort, containerPort, protocol }) =>
    [
      chainsOf(bridge).dnat,
      ...(hostIp === anyAddress ? [] : [`-d ${hostIp}/32`]),
      `-p ${protocol} -m ${protocol} --dport ${hostPort}`,
      `-m comment --comment ${commentOf(shortId)}`,
      `-j DNAT --to-destination ${address}:${containerPort}`,
    ].join(' '),
  );
}

const commentOf = (shortId: string): string => `minidock:${shortId}`;

/**
 * Makes the ports reach the container. Only once the shim holds them: a rule for a port that another process serves would
 * take its connections away. Where the chains vanished they are made again first. The rules go before those of others: what
 * a crash left of an earlier holder of the port has no say.
 */
export async function publishPorts(
  roots: Roots,
  network: Network,
  published: Published,
  iptables: Iptables = hostIptables,
): Promise<void> {
  if (published.ports.length === 0) return;
  const rules = natTable(portRules(network.bridge, published).map(rule => `-I ${rule}`));
  try {
    await restoreRules(rules, iptables);
  } catch {
    await mendFirewall(roots, network, iptables);
    await restoreRules(rules, iptables);
  }
}

/**
 * Takes the container's rules away, those with its comment and no others. Idempotent. With `known` ports it is one
 * process in the usual case; without, as after a crash, the rules are looked for.
 */
export async function removePorts(
  network: Pick<Network, 'bridge'>,
  shortId: string,
  known?: Omit<Published, 'shortId'>,
  iptables: Iptables = hostIptables,
): Promise<void> {
  if (known?.ports.length === 0) return;
  if (known !== undefined) {
    const rules = portRules(network.bridge, { ...known, shortId });
    try {
      await restoreRules(natTable(rules.map(rule => `-D ${rule}`)), iptables);
      return;
    } catch {
      // One of them is gone already, and so nothing was removed: see what is there.
    }
  }
  const left = rulesOf(await saveRules(iptables, 'nat'), network.bridge, shortId);
  if (left.length > 0) await restoreRules(natTable(left.map(rule => rule.replace(/^-A/, '-D'))), iptables);
}

/** The container's rules in a saved rule set. */
export function rulesOf(saved: string, bridge: string, shortId: string): string[] {
  const start = `-A ${chainsOf(bridge).dnat} `;
  const comments = [` --comment ${commentOf(shortId)} `, ` --comment "${commentOf(shortId)}" `];
  return saved.split('\n').filter(line => line.startsWith(start) && comments.some(comment => line.includes(comment)));
}

function natTable(lines: readonly string[]): string {
  return `*nat\n${lines.join('\n')}\nCOMMIT\n`;
}
