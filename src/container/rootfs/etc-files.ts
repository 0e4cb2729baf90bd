import os from 'node:os';
import { readIfPresent } from '../../state/files.ts';

/** What the container's /etc/hosts says. A host network has the host's own. */
export function hostsFile(hostname: string, address: string | undefined, hostNetwork: boolean): string {
  if (hostNetwork) return readIfPresent('/etc/hosts') ?? '';
  return [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'ff00::0\tip6-mcastprefix',
    'ff02::1\tip6-allnodes',
    'ff02::2\tip6-allrouters',
    ...(address ? [`${address}\t${namesOf(hostname)}`] : []),
    '',
  ].join('\n');
}

/** `web.example.com web`: a name with a domain is known by its first part as well. */
function namesOf(hostname: string): string {
  const dot = hostname.indexOf('.');
  return dot < 0 ? hostname : `${hostname} ${hostname.slice(0, dot)}`;
}

/** Docker's choice of public resolvers, for a host that names none that a container could reach. */
const fallback = ['nameserver 8.8.8.8', 'nameserver 8.8.4.4'];

/**
 * The container's resolv.conf: the host's, without servers on the host's own loopback, which is another loopback in the
 * container. With systemd-resolved the file behind its stub names the real servers.
 */
export function resolvConf(hostNetwork: boolean): string {
  const host = readIfPresent('/etc/resolv.conf') ?? '';
  if (hostNetwork) return host;
  const stub = /^nameserver\s+127\.0\.0\.53\s*$/m.test(host);
  const text = (stub ? readIfPresent('/run/systemd/resolve/resolv.conf') : undefined) ?? host;
  const lines = text.split('\n').filter(line => !/^\s*nameserver\s+(127\.|::1)/.test(line));
  return [...lines.filter(Boolean), ...(lines.some(line => /^\s*nameserver/.test(line)) ? [] : fallback), ''].join(
    '\n',
  );
}

/** The hostname as Docker chooses it: the flag unless it is empty, the host's own for its network, else the short id. */
export function hostnameFor(options: { hostname?: string; network: string }, id: string): string {
  return options.hostname || (options.network === 'host' ? os.hostname() : id.slice(0, 12));
}
