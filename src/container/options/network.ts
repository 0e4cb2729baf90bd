import { isIPv4, isIPv6 } from 'node:net';
import { isPredefined } from '../../network/predefined.ts';

/** The flags for a container's network. */
export interface NetworkOptions {
  /** `bridge`, `host`, `none`, `container:` and an id, or the name or id of a network that a user made. */
  network: string;
  /** An IPv4 address of that network. */
  ip?: string;
  /** `02:42:ac:12:00:02` */
  macAddress?: string;
  /** Further names of the container on a network that a user made. */
  networkAliases?: readonly string[];
  /** `CONTAINER` or `CONTAINER:ALIAS`, each. */
  links?: readonly string[];
}

/**
 * Checks the addresses and the further names of an endpoint.
 *
 * @throws {Error} the reason, in Docker's words
 */
export function checkEndpoint(
  network: string,
  asked: { ip?: string; ip6?: string; aliases?: readonly string[]; links?: readonly string[] },
): void {
  const { ip, ip6, aliases = [], links = [] } = asked;
  if (ip !== undefined && !isIPv4(ip)) throw new Error(`invalid IPv4 address: ${ip}`);
  if (ip6 !== undefined && !isIPv6(ip6)) throw new Error(`invalid IPv6 address: ${ip6}`);
  if (ip6 !== undefined)
    throw new Error(
      'user specified IP address is supported only when connecting to networks with user configured subnets, and those here have no IPv6',
    );
  const isOwn = !isPredefined(network) && network !== 'default' && !network.startsWith('container:');
  // Of other networks the engine says what is wrong.
  if (links.length > 0 && network === 'none') throw new Error('links are only supported for user-defined networks');
  if (aliases.length > 0 && !isOwn)
    throw new Error('network-scoped aliases are only supported for user-defined networks');
}

/** Six bytes, between them `:` or `-`, or between each two of them `.`. @throws {Error} the reason, in Docker's words */
export function readMac(given: string): string {
  if (/^[0-9a-f]{4}(\.[0-9a-f]{4}){2}$/i.test(given))
    return readMac(given.replaceAll('.', '').replace(/..(?=.)/g, '$&:'));
  if (/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(given)) return given.replaceAll('-', ':').toLowerCase();
  throw new Error(`${given} is not a valid mac address`);
}
