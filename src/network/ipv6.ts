import { addressBytes, parseAddress } from './ipv4.ts';

/**
 * The sixteen bytes of an IPv6 address (RFC 4291, section 2.2), in network order; undefined where `text` is none. An interface
 * (`%eth0`) is no part of it.
 */
export function ipv6Bytes(text: string): Uint8Array | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted !== null) {
    if (parseAddress(dotted[2]!) === undefined) return undefined;
    const [a, b, c, d] = addressBytes(dotted[2]!);
    return ipv6Bytes(`${dotted[1]}${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`);
  }
  const halves = text.split('::');
  if (halves.length > 2 || !text.includes(':')) return undefined;
  const [before, after] = halves.map(half => (half === '' ? [] : half.split(':')));
  const groups = [...before!, ...(after ?? [])];
  if (!groups.every(group => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  if (after === undefined ? groups.length !== 8 : groups.length > 7) return undefined;
  const zeros = Array.from({ length: 8 - groups.length }, () => '0');
  return Uint8Array.from(
    [...before!, ...zeros, ...(after ?? [])].flatMap(group => {
      const value = Number.parseInt(group, 16);
      return [value >>> 8, value & 0xff];
    }),
  );
}
