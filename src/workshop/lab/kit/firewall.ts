import fs from 'node:fs';
import { hostIptables, restoreRules, saveRules } from '../../../network/firewall/iptables.ts';

/** What the host's firewall does with what a bridge passes from port to port. */
export interface FirewallOfBridges {
  /** iptables is asked about it: br_netfilter is loaded, as Docker wants it, and its switch is on. */
  readonly seesBridged: boolean;
  /** Of the chain FORWARD: `ACCEPT` or `DROP`. */
  readonly policy: string;
}

export async function firewallOfBridges(): Promise<FirewallOfBridges> {
  const file = '/proc/sys/net/bridge/bridge-nf-call-iptables';
  const seesBridged = fs.existsSync(file) && fs.readFileSync(file, 'utf8').trim() === '1';
  const policy = /^:FORWARD (\w+)/m.exec(await saveRules(hostIptables, 'filter'))?.[1] ?? 'ACCEPT';
  return { seesBridged, policy };
}

/** Takes back what a learner has let pass: the rules of the filter table that name an interface of letters and digits. */
export async function forgetInterface(name: string): Promise<void> {
  const names = new RegExp(`^-A .* -[io] ${name}( |$)`);
  const rules = (await saveRules(hostIptables, 'filter')).split('\n').filter(line => names.test(line));
  if (rules.length === 0) return;
  const removals = rules.map(rule => rule.replace('-A', '-D'));
  await restoreRules(['*filter', ...removals, 'COMMIT', ''].join('\n'));
}
