import os from 'node:os';
import { MinidockError } from '../../errors.ts';
import { endpointsOf, hasNames, type NetworkAttachment } from '../../network/attachment.ts';
import { isLoopback, publicResolvers, serverIn } from '../../network/dns/resolvers.ts';
import { readIfPresent } from '../../state/files.ts';
import type { LifeOptions } from '../options/life.ts';

/**
 * What the container's /etc/hosts says: a line of its own for each address that it has. A host network has the host's own file, unless names
 * are added.
 *
 * @param extra `NAME:ADDRESS`, where the address may be `host-gateway`: the host's on the bridge, if there is one
 * @param linked lines for the containers that it is linked to
 */
export function hostsFile(
  hostname: string,
  container: { network: NetworkAttachment },
  extra: readonly string[] = [],
  linked: readonly string[] = [],
): string {
  const endpoints = endpointsOf(container);
  if (container.network.mode === 'host' && extra.length === 0) return readIfPresent('/etc/hosts') ?? '';
  return [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'ff00::0\tip6-mcastprefix',
    'ff02::1\tip6-allnodes',
    'ff02::2\tip6-allrouters',
    ...extra.flatMap(one => extraHost(one, endpoints[0]?.gateway)),
    ...linked,
    ...endpoints.map(({ address }) => `${address}\t${namesOf(hostname)}`),
    '',
  ].join('\n');
}

function extraHost(given: string, gateway: string | undefined): string[] {
  const colon = given.indexOf(':');
  const wanted = given.slice(colon + 1);
  const address = wanted === 'host-gateway' ? gateway : wanted;
  return address === undefined ? [] : [`${address}\t${given.slice(0, colon)}`];
}

/** `web.example.com web`: a name with a domain is known by its first part as well. */
function namesOf(hostname: string): string {
  const dot = hostname.indexOf('.');
  return dot < 0 ? hostname : `${hostname} ${hostname.slice(0, dot)}`;
}

/**
 * The container's resolv.conf. On a network that a user made the name server is the host's address there, where the keeper
 * answers; `ndots:0` asks for a name as it is before a search domain is added. Elsewhere it is the host's file, without servers
 * on the host's loopback, which the container cannot reach. Each kind of option replaces the host's lines of that kind. Where
 * the host has systemd-resolved, the file behind its stub names the real servers.
 */
export function resolvConf(
  container: { network: NetworkAttachment },
  { dns, dnsSearch, dnsOptions }: Pick<LifeOptions, 'dns' | 'dnsSearch' | 'dnsOptions'> = {},
): string {
  const own = container.network.mode === 'host' ? (readIfPresent('/etc/resolv.conf') ?? '') : reachable();
  const named = endpointsOf(container).find(hasNames);
  if (named === undefined && dns === undefined && dnsSearch === undefined && dnsOptions === undefined) return own;
  const wordsOf = (keyword: string) =>
    [...own.matchAll(new RegExp(`^\\s*${keyword}\\s+(.*)$`, 'gm'))].map(([, words]) => words!.trim());
  const search = (dnsSearch ?? wordsOf('search').slice(-1)).join(' ').trim();
  const given = (dnsOptions ?? wordsOf('options').slice(-1)).join(' ').trim();
  const options = named === undefined || /(^|\s)ndots:/.test(given) ? given : `${given} ndots:0`.trim();
  return [
    // A single dot means no search domain.
    ...(search === '' || search === '.' ? [] : [`search ${search}`]),
    ...(named ? [named.gateway] : (dns ?? wordsOf('nameserver'))).map(address => `nameserver ${address}`),
    ...(options === '' ? [] : [`options ${options}`]),
    '',
  ].join('\n');
}

function reachable(): string {
  const host = readIfPresent('/etc/resolv.conf') ?? '';
  const isStub = host.split('\n').some(line => serverIn(line) === '127.0.0.53');
  const text = (isStub ? readIfPresent('/run/systemd/resolve/resolv.conf') : undefined) ?? host;
  const lines = text.split('\n').filter(line => line !== '' && !isLoopback(serverIn(line) ?? ''));
  const fallback = lines.some(line => serverIn(line) !== undefined) ? [] : publicResolvers;
  return [...lines, ...fallback.map(address => `nameserver ${address}`), ''].join('\n');
}

/** The name with its domain, as /etc/hosts has it. */
export function fullName({ hostname, options }: { hostname: string; options: { domainname?: string } }): string {
  return options.domainname ? `${hostname}.${options.domainname}` : hostname;
}

/** What sethostname(2) takes (HOST_NAME_MAX), in bytes. */
const longestHostname = 64;

/**
 * The hostname as Docker chooses it: the flag unless it is empty, the host's own for its network, else the short id.
 *
 * @throws {MinidockError} `invalid-argument` for one that the kernel would not take
 */
export function hostnameFor(options: { hostname?: string; network: string }, id: string): string {
  if (!options.hostname && options.network !== 'host') return id.slice(0, 12);
  const name = options.hostname || os.hostname();
  const length = Buffer.byteLength(name);
  if (length > longestHostname)
    throw new MinidockError('invalid-argument', `invalid hostname ${JSON.stringify(name)}: it has ${length} bytes`, {
      fix: `the kernel takes ${longestHostname} at most`,
    });
  return name;
}
