import { endpointsOf, gatewayEndpoint, type NetworkAttachment } from '../attachment.ts';
import { anyAddress, isIpv6, type Port } from '../ports/ports.ts';
import { chainsOf } from './chains.ts';

/** A container's published ports. */
export interface Published {
  /** The first twelve digits of the id; every rule has it as its comment. */
  readonly shortId: string;
  readonly address: string;
  /** The IPv4 ports. */
  readonly ports: readonly Port[];
}

/** The ports to publish by rules; undefined before the container has an address. */
export function toPublish({ id, network }: { id: string; network: NetworkAttachment }): Published | undefined {
  const endpoint = gatewayEndpoint(endpointsOf({ network }));
  const ipv4 = network.ports.filter(port => !isIpv6(port));
  return endpoint && { shortId: id.slice(0, 12), address: endpoint.address, ports: ipv4 };
}

/** The translation rules, one for each port, as arguments of iptables without `-A`. */
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

/** The container's rules in a saved rule set. */
export function rulesOf(saved: string, bridge: string, shortId: string): string[] {
  const start = `-A ${chainsOf(bridge).dnat} `;
  const comments = [` --comment ${commentOf(shortId)} `, ` --comment "${commentOf(shortId)}" `];
  return saved.split('\n').filter(line => line.startsWith(start) && comments.some(comment => line.includes(comment)));
}
