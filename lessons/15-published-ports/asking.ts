import { pieces } from '../../src/engine/compile/pieces.ts';
import { missingRules } from '../../src/network/firewall/firewall.ts';
import { network } from '../../src/workshop/network/lab.ts';
import { askIn, doIn, type Place } from '../../src/workshop/network/namespaces.ts';

/** `-p 8080:80`, with nothing left to choose. */
export const port = { hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' } as const;
export const address = '172.18.0.2';

/** The server in the container: it tells everybody from which address it sees them come. The shell goes on once it listens. */
export const server = `'${process.execPath}' -e "
  require('net').createServer(client => client.on('error', () => {}).end('hello ' + client.remoteAddress.replace('::ffff:', ''))).listen(80, '0.0.0.0')" &
until grep -q ':0050 00000000:0000 0A' /proc/net/tcp; do sleep 0.05; done
echo "a server listens on ${address}:80"`;

/** The rules of the engine for its bridge, as it gives them to iptables-restore. */
export function restoreBridgeRules(host: Place): void {
  doIn(host, 'iptables-restore --noflush --wait=10', missingRules(network, ''));
}

/** The rule of one published port. */
export function restorePortRule(host: Place): readonly string[] {
  const rules = pieces.portRules(network.bridge, { shortId: 'c0ffee0c0ffe', address, ports: [port] });
  doIn(host, 'iptables-restore --noflush --wait=10', `*nat\n${rules.map(rule => `-I ${rule}`).join('\n')}\nCOMMIT\n`);
  return rules;
}

/** For an answer that is not expected: milliseconds. */
export const briefly = { patience: 500 } as const;

/** Packets that were counted by the first rule, or policy of a chain, whose text matches. */
export function counted(host: Place, rule: RegExp): number {
  const line = askIn(host, 'iptables-save -c').find(one => rule.test(one)) ?? '';
  return Number(/\[(\d+):\d+\]/.exec(line)?.[1] ?? Number.NaN);
}

export const rule = { dnat: /-j DNAT/, forwardPolicy: /^:FORWARD /, dropSpoofed: /-A MINIDOCK -d 127/ };

/** The kernel's note of a translated connection: what came in, and what answers are expected. */
export function noted(host: Place): string[] {
  return askIn(host, 'cat /proc/net/nf_conntrack')
    .filter(line => /dport=8080/.test(line) && line.includes(`src=${address}`))
    .slice(0, 1)
    .flatMap(line => {
      const [, there, back] = /(src=.*?)(?: \[\w+\])? (src=.*?)(?: \[\w+\])? mark/.exec(line) ?? [];
      return there && back ? [`came in:   ${there}`, `answers:   ${back}`] : [line];
    });
}

/** Connections of which the kernel has seen one direction only. */
export function waitingFor(host: Place): string[] {
  return askIn(host, 'cat /proc/net/nf_conntrack')
    .filter(line => /dport=8080.*\[UNREPLIED\]/.test(line))
    .map(line => line.replace(/^.*?(?=src=)/, '').replace(/ mark=.*/, ''));
}
