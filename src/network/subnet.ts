import fs from 'node:fs';
import { MinidockError } from '../errors.ts';
import { readIfPresent } from '../state/files.ts';
import { contains, overlaps, parseAddress, parseSubnet, type Subnet } from './ipv4.ts';

/** An IPv4 route of the main table: where to, and by which interface. */
export interface Route {
  readonly device: string;
  readonly destination: Subnet;
}

/** The routes in /proc/net/route (proc_pid_net(5)): addresses are hexadecimal in the machine's byte order. */
export function parseRoutes(content: string): Route[] {
  const routes: Route[] = [];
  for (const line of content.split('\n').slice(1)) {
    const fields = line.split('\t');
    if (fields.length < 8) continue;
    const destination = { base: swapped(fields[1]!), prefixLength: bits(swapped(fields[7]!)) };
    routes.push({ device: fields[0]!.trim(), destination });
  }
  return routes;
}

export function readRoutes(): Route[] {
  return parseRoutes(fs.readFileSync('/proc/net/route', 'utf8'));
}

function swapped(hex: string): number {
  const given = Number.parseInt(hex, 16);
  return (((given & 0xff) << 24) | ((given & 0xff00) << 8) | ((given >>> 8) & 0xff00) | (given >>> 24)) >>> 0;
}

/** How many leading bits of a netmask are set. */
const bits = (netmask: number): number => Math.clz32(~netmask);

/** Subnets to choose from, in this order: Docker's own second choice first, then the rest of 172.16/12, then small ones. */
export const candidates: readonly string[] = [
  ...Array.from({ length: 14 }, (_, i) => `172.${18 + i}.0.0/16`),
  ...Array.from({ length: 16 }, (_, i) => `192.168.${i * 16}.0/20`),
  '10.88.0.0/16',
  '10.200.0.0/16',
];

/**
 * The first candidate that overlaps no route (of a Docker, a VPN, the machine's own network) and no name server: a bridge there
 * would cut off what it covers. Default routes cover everything and do not count.
 */
export function chooseSubnet(routes: readonly Route[], nameservers: readonly number[], from = candidates): Subnet {
  for (const candidate of from) {
    const subnet = parseSubnet(candidate);
    if (isFree(subnet, routes) && !nameservers.some(address => contains(subnet, address))) return subnet;
  }
  throw new MinidockError(
    'no-free-subnet',
    `no free subnet for the bridge: routes of this host cover ${from.join(', ')}`,
    {
      fix: 'remove a route that is not needed (`ip route`), or a network of another engine',
    },
  );
}

export function isFree(subnet: Subnet, routes: readonly Route[]): boolean {
  return !routes.some(({ destination }) => destination.prefixLength > 0 && overlaps(destination, subnet));
}

/** The subnet that a bridge has now, by its route; undefined where it has none. */
export function subnetOfDevice(device: string, routes: readonly Route[]): Subnet | undefined {
  return routes.find(route => route.device === device && route.destination.prefixLength <= 30)?.destination;
}

/** IPv4 name servers in resolv.conf(5). */
export function readNameservers(file = '/etc/resolv.conf'): number[] {
  return [...(readIfPresent(file) ?? '').matchAll(/^\s*nameserver\s+(\S+)/gm)]
    .map(found => parseAddress(found[1]!))
    .filter(address => address !== undefined);
}

export function sameSubnet(a: Subnet, b: Subnet): boolean {
  return a.base === b.base && a.prefixLength === b.prefixLength;
}
