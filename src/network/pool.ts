import { MinidockError } from '../errors.ts';
import {
  broadcastOf,
  contains,
  formatAddress,
  formatSubnet,
  gatewayOf,
  mask,
  overlaps,
  parseAddress,
  type Subnet,
} from './ipv4.ts';

/** What a user asks for about the addresses of a new network. */
export interface PoolAsked {
  readonly subnet?: string;
  readonly gateway?: string;
  readonly ipRange?: string;
  readonly auxAddresses?: Readonly<Record<string, string>>;
}

/** The same with all defaults filled in, except a subnet that was not named. */
export interface Pool {
  readonly subnet: string;
  readonly gateway: string;
  readonly ipRange?: string;
}

/**
 * Checks what was asked for.
 *
 * @throws {MinidockError} `invalid-network`, in Docker's words
 */
export function readPool(asked: PoolAsked): Pool | undefined {
  const { subnet: given, gateway, ipRange, auxAddresses = {} } = asked;
  if (given === undefined) {
    if (gateway !== undefined || ipRange !== undefined)
      throw invalid('every ip-range or gateway must have a corresponding subnet', 'name a --subnet');
    const [aux] = Object.values(auxAddresses);
    if (aux !== undefined) throw invalid(`no matching subnet for aux-address ${aux}`, 'name a --subnet');
    return undefined;
  }
  const subnet = readSubnet(given);
  const inside = (text: string) => contains(subnet, parseAddress(text) ?? -1) && parseAddress(text) !== undefined;
  const fix = `the subnet is ${formatSubnet(subnet)}`;
  if (gateway !== undefined && !inside(gateway)) throw invalid(`no matching subnet for gateway ${gateway}`, fix);
  for (const aux of Object.values(auxAddresses))
    if (!inside(aux)) throw invalid(`no matching subnet for aux-address ${aux}`, fix);
  const range = ipRange === undefined ? undefined : rangeIn(subnet, ipRange);
  if (ipRange !== undefined && range === undefined) throw invalid(`no matching subnet for range ${ipRange}`, fix);
  const never = [formatAddress(subnet.base), broadcastOf(subnet)];
  if (subnet.prefixLength > 30)
    throw invalid('failed to allocate gateway (): No available addresses on this pool', 'the prefix is 30 at most');
  if (gateway !== undefined && never.includes(gateway))
    throw invalid(`failed to allocate gateway (${gateway}): Address already in use`, 'choose another address');
  const chosen = gateway ?? gatewayOf(subnet);
  for (const [name, aux] of Object.entries(auxAddresses))
    if (aux === chosen || never.includes(aux))
      throw invalid(
        `failed to allocate secondary ip address (${name}:${aux}): Address already in use`,
        'choose another address',
      );
  return { subnet: formatSubnet(subnet), gateway: chosen, ...(range && { ipRange: formatSubnet(range) }) };
}

/** `10.1.2.3/24` is accepted as a subnet: the bits after the prefix are ignored. */
function readSubnet(given: string): Subnet {
  const subnet = readCidr(given);
  if (subnet === undefined) {
    if (given.includes(':')) throw invalid(`invalid subnet ${given}: networks here have IPv4 alone`, 'leave it out');
    throw invalid(`Invalid subnet ${given} : invalid CIDR address: ${given}`, 'write it like 10.10.0.0/24');
  }
  const forNobody = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3'].find(text => overlaps(subnet, readCidr(text)!));
  if (forNobody !== undefined)
    throw invalid(
      `invalid subnet ${given}: ${forNobody} is for no network`,
      'take one of 10.0.0.0/8 or 192.168.0.0/16',
    );
  return subnet;
}

function rangeIn(subnet: Subnet, given: string): Subnet | undefined {
  const range = readCidr(given);
  if (range === undefined || range.prefixLength < subnet.prefixLength) return undefined;
  return contains(subnet, range.base) ? range : undefined;
}

function readCidr(text: string): Subnet | undefined {
  const [, address = '', prefix = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
  const number = parseAddress(address);
  const prefixLength = Number(prefix);
  if (number === undefined || prefix === '' || prefixLength > 32) return undefined;
  return { base: (number & mask(prefixLength)) >>> 0, prefixLength };
}

const invalid = (message: string, fix: string) => new MinidockError('invalid-network', message, { fix });
