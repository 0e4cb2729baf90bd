import { readIfPresent } from '../../state/files.ts';

/** Docker's choice of public name servers, for a host that names none. */
export const publicResolvers: readonly string[] = ['8.8.8.8', '8.8.4.4'];

/** resolv.conf(5): a libc asks no more. */
const MOST = 3;

/**
 * The name servers in the host's resolv.conf at this moment. Those on the host's loopback are included: the keeper forwards
 * questions from the host.
 */
export function hostResolvers(file = '/etc/resolv.conf'): readonly string[] {
  const lines = (readIfPresent(file) ?? '').split('\n');
  const named = lines.map(serverIn).filter(address => address !== undefined);
  return named.length === 0 ? publicResolvers : named.slice(0, MOST);
}

/** The address of the name server that a line of resolv.conf names; undefined for other lines. */
export function serverIn(line: string): string | undefined {
  const words = line.replaceAll('\t', ' ').trim();
  return words.startsWith('nameserver ') ? words.slice('nameserver '.length).trim().split(' ', 1)[0] : undefined;
}

/** Whether an address is a loopback address, which means another machine to each network namespace. */
export const isLoopback = (address: string): boolean =>
  address.startsWith('127.') || address.split('%', 1)[0] === '::1';
