import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import type { Reference } from '../oci/reference.ts';
import type { DaemonConfig } from './daemon-config.ts';

/** Where a repository can be fetched from. */
export interface Endpoint {
  /** Scheme, host, port, and the path of a mirror; ends without a slash. */
  base: string;
  /** Whose credentials apply: `docker.io`, `localhost:5000`. */
  credentialHost: string;
  mirror: boolean;
  /** Certificates are not verified, and redirects may lead to plain http. */
  insecure: boolean;
}

/** Where docker.io is. */
export const hubHost = 'registry-1.docker.io';

/**
 * Endpoints in the order to be tried. Mirrors serve Docker Hub only, as in Docker. A registry is spoken to over https;
 * only an insecure one, and one on this machine, is also tried over plain http, so nobody on the way can turn encryption
 * off by breaking it (CVE-2014-5277).
 */
export async function endpointsOf(reference: Reference, config: DaemonConfig): Promise<Endpoint[]> {
  if (reference.domain === 'docker.io') {
    const mirrors = config.registryMirrors.map(url => ({
      base: url.href.replace(/\/+$/, ''),
      credentialHost: url.host,
      mirror: true,
      insecure: url.protocol === 'http:' || matches(config.insecureRegistries, url.host, []),
    }));
    return [...mirrors, { base: `https://${hubHost}`, credentialHost: 'docker.io', mirror: false, insecure: false }];
  }
  const { domain } = reference;
  const insecure = await isInsecure(domain, config.insecureRegistries);
  const endpoint = { base: `https://${domain}`, credentialHost: domain, mirror: false, insecure };
  return insecure ? [endpoint, { ...endpoint, base: `http://${domain}` }] : [endpoint];
}

async function isInsecure(host: string, insecureRegistries: readonly string[]): Promise<boolean> {
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (name === 'localhost') return true;
  if (matches(insecureRegistries, host, [])) return true;
  const addresses = isIP(name) ? [name] : await addressesOf(name);
  return matches([...insecureRegistries, '127.0.0.0/8', '::1/128'], host, addresses);
}

/** Whether a rule names the host, the host without its port, or a network that one of its addresses lies in. */
function matches(rules: readonly string[], host: string, addresses: readonly string[]): boolean {
  const networks = new BlockList();
  for (const rule of rules) {
    if (rule === host || rule === host.replace(/:\d+$/, '')) return true;
    const [address, prefix] = rule.split('/');
    const version = isIP(address ?? '');
    const bits = Number(prefix);
    if (version !== 0 && prefix !== undefined && bits >= 0 && bits <= (version === 4 ? 32 : 128)) {
      networks.addSubnet(address!, bits, version === 4 ? 'ipv4' : 'ipv6');
    }
  }
  return addresses.some(address => networks.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6'));
}

async function addressesOf(name: string): Promise<string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch {
    // The name cannot be resolved: the connection then fails with its own message.
    return [];
  }
}
