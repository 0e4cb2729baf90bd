import { MinidockError } from '../errors.ts';

/** An IPv4 network: its first address as a number, and how many leading bits name it. */
export interface Subnet {
  readonly base: number;
  readonly prefixLength: number;
}

/**
 * A dotted address as a number; undefined where `text` is none. Leading zeros are refused, because some programs read them as
 * octal.
 */
export function parseAddress(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let address = 0;
  for (let i = 0; i < 4; i++) {
    const part = Number(parts[i]);
    if (!octet.test(parts[i]!) || part > 255) return undefined;
    address = address * 256 + part;
  }
  return address;
}

const octet = /^(0|[1-9]\d{0,2})$/;

export function formatAddress(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 0xff}.${(address >>> 8) & 0xff}.${address & 0xff}`;
}

/** Four bytes in network order. Throws on text that is no address: callers check what comes from users. */
export function addressBytes(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`not an IPv4 address: ${JSON.stringify(text)}`);
  return Uint8Array.of(address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff);
}

/** `172.18.0.0/16`; bits after the prefix must be zero. */
export function parseSubnet(text: string): Subnet {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const base = rest.length > 0 ? undefined : parseAddress(address);
  const prefixLength = Number(prefix);
  if (base === undefined || !isOneOrTwoDigits(prefix) || prefixLength > 30 || (base & ~mask(prefixLength)) !== 0) {
    throw new MinidockError(
      'invalid-subnet',
      `invalid subnet "${text}": not the first address of a network and its prefix`,
      {
        fix: 'write it like 172.18.0.0/16; the prefix is 30 at most',
      },
    );
  }
  return { base, prefixLength };
}

const isOneOrTwoDigits = (text: string): boolean =>
  text !== '' && text.length <= 2 && [...text].every(digit => digit >= '0' && digit <= '9');

export function formatSubnet(subnet: Subnet): string {
  return `${formatAddress(subnet.base)}/${subnet.prefixLength}`;
}

/** The netmask as a signed 32-bit number, as JavaScript's bit operators want it. */
export function mask(prefixLength: number): number {
  return prefixLength === 0 ? 0 : -1 << (32 - prefixLength);
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  const shared = mask(Math.min(a.prefixLength, b.prefixLength));
  return (a.base & shared) === (b.base & shared);
}

export function contains(subnet: Subnet, address: number): boolean {
  return overlaps(subnet, { base: address, prefixLength: 32 });
}

/** The last address of the subnet. */
export function broadcastOf(subnet: Subnet): string {
  return formatAddress((subnet.base | ~mask(subnet.prefixLength)) >>> 0);
}

/** The bridge's own address: the first of the subnet. */
export function gatewayOf(subnet: Subnet): string {
  return formatAddress(subnet.base + 1);
}

/** All addresses, lowest first. */
export function* addressesIn(subnet: Subnet): Generator<string> {
  const last = (subnet.base | ~mask(subnet.prefixLength)) >>> 0;
  for (let address = subnet.base; address <= last; address++) yield formatAddress(address);
}

/**
 * The MAC address for an IPv4 address, as Docker makes it: 02:42 (locally administered) and the four bytes of the address. An
 * address that is used again keeps its MAC, so neighbours' ARP caches stay right.
 */
export function macOf(address: string): string {
  return [0x02, 0x42, ...addressBytes(address)].map(byte => byte.toString(16).padStart(2, '0')).join(':');
}

/** Six bytes of `02:42:ac:12:00:02`. */
export function macBytes(mac: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) throw new Error(`not a MAC address: ${JSON.stringify(mac)}`);
  const found = new Uint8Array(6);
  for (let i = 0; i < 6; i++) found[i] = Number.parseInt(mac.slice(3 * i, 3 * i + 2), 16);
  return found;
}
