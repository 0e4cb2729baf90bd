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
  const named = [...(readIfPresent(file) ?? '').matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, address]) => address!);
  return named.length === 0 ? publicResolvers : named.slice(0, MOST);
}

/** Whether an address is a loopback address, which means another machine to each network namespace. */
export const isLoopback = (address: string): boolean => /^127\.|^::1$/.test(address);
