import { BlockList, isIP } from 'node:net';

/** Whether `172.18.0.0/16`, `172.18.0.0/255.255.0.0` or a single address holds an address, of IPv4 or IPv6. */
export function contains(subnet: string, address: string): boolean {
  const [network = '', length] = subnet.split('/');
  const kind = isIP(network);
  if (kind === 0 || isIP(address) !== kind) return false;
  const family = kind === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, prefixOf(length, kind), family);
  return list.check(address, family);
}

function prefixOf(length: string | undefined, kind: number): number {
  if (length === undefined) return kind === 4 ? 32 : 128;
  if (isIP(length) !== 4) return Number(length);
  return length.split('.').reduce((bits, byte) => bits + Number(byte).toString(2).replaceAll('0', '').length, 0);
}
