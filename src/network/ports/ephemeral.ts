import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../../errors.ts';
import { boundSockets } from '../../host/sockets.ts';
import { readIfPresent } from '../../state/files.ts';
import { releaseLeases, takeLease } from '../leases.ts';
import type { Network } from '../network.ts';
import { anyAddress, anyAddress6, type Port, PortInUse, type PortMapping } from './ports.ts';

/**
 * Fills in what a mapping leaves open. The address: all of IPv4, and all of IPv6 where the host has it. The port: the lowest
 * of its range, or of the kernel's ephemeral range (32768 on), that nothing is bound to and no container holds, as Docker
 * chooses. The choice is a lease until the container's shim binds it. See `takeLease` for what the caller holds.
 *
 * A process that takes the port in between makes the shim's bind fail: choose again then, with that port in `avoid`.
 */
export function choosePorts(
  network: Pick<Network, 'directory'>,
  mappings: readonly PortMapping[],
  containerDirectory: string,
  avoid: ReadonlySet<number> = new Set(),
): Port[] {
  const asked = new Set(mappings.filter(isFixed).map(mapping => mapping.hostPort));
  const unwanted = (port: number) => asked.has(port) || avoid.has(port);
  return mappings.flatMap(mapping => {
    const hostPort = isFixed(mapping) ? mapping.hostPort : choose(network, mapping, containerDirectory, unwanted);
    return onAddresses(mapping, hostPort);
  });
}

/** What `choosePorts` would return, with 0 for ports that it would choose; nothing is taken. */
export function plannedPorts(mappings: readonly PortMapping[]): Port[] {
  return mappings.flatMap(mapping => onAddresses(mapping, isFixed(mapping) ? mapping.hostPort : 0));
}

/**
 * The mapping at its address; without an address, at all addresses of IPv4 and of IPv6, or of IPv4 alone where the kernel has
 * no IPv6.
 */
function onAddresses({ hostIp, containerPort, protocol }: PortMapping, hostPort: number): Port[] {
  const any = fs.existsSync('/proc/net/if_inet6') ? [anyAddress, anyAddress6] : [anyAddress];
  const addresses = hostIp === undefined ? any : [hostIp];
  return addresses.map(address => ({ hostIp: address, hostPort, containerPort, protocol }));
}

/** Whether the host's port is given completely. */
const isFixed = (mapping: PortMapping): mapping is PortMapping & { hostPort: number } =>
  Boolean(mapping.hostPort) && mapping.lastHostPort === undefined;

function choose(
  network: Pick<Network, 'directory'>,
  { protocol, hostPort, lastHostPort }: PortMapping,
  containerDirectory: string,
  unwanted: (port: number) => boolean,
): number {
  const [first, last] = hostPort && lastHostPort ? [hostPort, lastHostPort] : ephemeralRange();
  const bound = new Set(boundSockets(protocol).map(socket => socket.port));
  function* names(): Generator<string> {
    for (let port = first; port <= last; port++) {
      if (!bound.has(port) && !unwanted(port)) yield `${protocol}-${port}`;
    }
  }
  const name = takeLease(leases(network), names(), containerDirectory);
  if (name === undefined) {
    throw new MinidockError('no-free-port', `no free ${protocol} port is left between ${first} and ${last}`, {
      fix: lastHostPort ? 'give -p a longer range' : 'name a host port with -p, or see net.ipv4.ip_local_port_range',
    });
  }
  return Number(name.slice(protocol.length + 1));
}

/** The host port that made a start fail, where we chose it: the caller tries another one. */
export function chosenPortInUse(mappings: readonly PortMapping[], error: unknown): number | undefined {
  if (!(error instanceof PortInUse)) return undefined;
  const { hostPort } = error.port;
  return mappings.some(mapping => isFixed(mapping) && mapping.hostPort === hostPort) ? undefined : hostPort;
}

/** Gives the chosen ports back. Idempotent. */
export function releasePorts(network: Pick<Network, 'directory'>, containerDirectory: string): void {
  releaseLeases(leases(network), containerDirectory);
}

function leases(network: Pick<Network, 'directory'>): string {
  return path.join(network.directory, 'ports');
}

function ephemeralRange(): [number, number] {
  const found = /^(\d+)\s+(\d+)/.exec(readIfPresent('/proc/sys/net/ipv4/ip_local_port_range') ?? '');
  return found ? [Number(found[1]), Number(found[2])] : [32768, 60999];
}
