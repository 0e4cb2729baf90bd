import { readIfPresent } from '../../state/files.ts';

/** Docker's choice of public name servers, for a host that names none. */
export const publicResolvers: readonly string[] = ['8.8.8.8', '8.8.4.4'];

/** resolv.conf(5): a libc asks no more. */
const MOST = 3;

/**
 * The name servers of the host, as its resolv.conf has them at this moment. Those on its own loopback are among them: whoever asks
 * for a container asks from the host.
 */
export function hostResolvers(file = '/etc/resolv.conf'): readonly string[] {
  const named = [...(readIfPresent(file) ?? '').matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, address]) => address!);
  return named.length === 0 ? publicResolvers : named.slice(0, MOST);
}

/** Whether an address is the loopback of whoever uses it. */
export const isLoopback = (address: string): boolean => /^127\.|^::1$/.test(address);
