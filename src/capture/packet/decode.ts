import { addressV4, addressV6, mac, Reader } from './reader.ts';

/** TCP header, as far as a walk shows it (RFC 9293). */
export interface Tcp {
  readonly sequence: number;
  readonly acknowledgement: number;
  /** `SYN`, `ACK` …, in the order of the header's bits from the right. */
  readonly flags: readonly string[];
  readonly window: number;
}

/** What the headers of a packet say. Whatever is missing was not there, or cut off. */
export interface Packet {
  readonly sourceMac?: string;
  readonly destinationMac?: string;
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'arp' | 'other';
  /** Of ARP: who asks or answers, and about whom. */
  readonly source?: string;
  readonly destination?: string;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** Time to live, or hop limit: each router takes one. */
  readonly ttl?: number;
  readonly tcp?: Tcp;
  readonly icmp?: { readonly type: number; readonly code: number; readonly version: 4 | 6; readonly id?: number };
  /** Number of the IP protocol, or of the EtherType where there is no IP. */
  readonly number: number;
  readonly arp?: { readonly operation: number };
  /** What the transport carries; of ICMP, all behind its first four bytes. */
  readonly payload: Uint8Array;
  /** Length of the payload on the wire. */
  readonly payloadLength: number;
  /**
   * What address translation leaves alone, as a string: two frames with the same identity show one packet, or its exact
   * repetition.
   */
  readonly identity: string;
}

/** Link types of pcap: https://www.tcpdump.org/linktypes.html */
const LINKTYPE = { ETHERNET: 1, RAW: 101, RAW_BSD: 12, LINUX_SLL: 113, LINUX_SLL2: 276 } as const;
const ETHERTYPE = { IPV4: 0x0800, ARP: 0x0806, IPV6: 0x86dd, VLAN: 0x8100, QINQ: 0x88a8 } as const;
const IP = { ICMP: 1, TCP: 6, UDP: 17, ICMPV6: 58 } as const;
/** Extension headers of IPv6 that say what follows and how long they are: hop-by-hop, routing, destination options. */
const extensions = new Set([0, 43, 60]);
const FRAGMENT = 44;

/** Takes a frame apart. Never throws: bytes from the wire may be anything. `length` is the frame's on the wire. */
export function decode(linkType: number, bytes: Uint8Array, length = bytes.length): Packet {
  const frame = new Reader(bytes, length);
  switch (linkType) {
    case LINKTYPE.ETHERNET: {
      const destinationMac = mac(frame.take(6));
      const sourceMac = mac(frame.take(6));
      let type = frame.u16();
      for (let tags = 0; (type === ETHERTYPE.VLAN || type === ETHERTYPE.QINQ) && tags < 2; tags++) {
        frame.take(2);
        type = frame.u16();
      }
      return { ...above(type, frame), sourceMac, destinationMac };
    }
    case LINKTYPE.LINUX_SLL:
      frame.take(14);
      return above(frame.u16(), frame);
    case LINKTYPE.LINUX_SLL2: {
      const type = frame.u16();
      frame.take(18);
      return above(type, frame);
    }
    case LINKTYPE.RAW:
    case LINKTYPE.RAW_BSD:
      return above((bytes[0] ?? 0) >> 4 === 6 ? ETHERTYPE.IPV6 : ETHERTYPE.IPV4, frame);
    default:
      return other(linkType, frame, 'link');
  }
}

function above(type: number, frame: Reader): Packet {
  if (type === ETHERTYPE.IPV4) return ipv4(frame);
  if (type === ETHERTYPE.IPV6) return ipv6(frame);
  if (type === ETHERTYPE.ARP) return arp(frame);
  return other(type, frame, 'ether');
}

function other(number: number, rest: Reader, layer: string, addresses: Partial<Packet> = {}): Packet {
  return { protocol: 'other', number, ...addresses, ...content(rest, `${layer} ${number}`) };
}

/** RFC 826, for Ethernet and IPv4. */
function arp(frame: Reader): Packet {
  const start = frame.rest();
  frame.take(6);
  const operation = frame.u16();
  frame.take(6);
  const source = addressV4(frame.take(4));
  frame.take(6);
  const destination = addressV4(frame.take(4));
  // Frames are padded to 60 bytes on some wires and not on others.
  const packet = new Reader(start.bytes.subarray(0, 28), Math.min(start.length, 28));
  return { protocol: 'arp', number: ETHERTYPE.ARP, source, destination, arp: { operation }, ...content(packet, 'arp') };
}

/** RFC 791. */
function ipv4(frame: Reader): Packet {
  const first = frame.u8();
  const headerLength = (first & 15) * 4;
  if (first >> 4 !== 4 || headerLength < 20) return other(ETHERTYPE.IPV4, frame, 'ether');
  frame.take(1);
  const total = frame.u16();
  const id = frame.u16();
  const fragment = frame.u16() & 0x3fff;
  const ttl = frame.u8();
  const protocol = frame.u8();
  frame.take(2);
  const source = addressV4(frame.take(4));
  const destination = addressV4(frame.take(4));
  frame.take(headerLength - 20);
  // A length of 0 is that of a packet which the sender's card would cut (TSO). Padding of short frames is no content.
  if (total >= headerLength) frame.cut(total - headerLength);
  const common = { source, destination, ttl };
  if ((fragment & 0x1fff) !== 0) return other(protocol, frame, `fragment ${id} ${fragment}`, common);
  return transport(protocol, frame, `${id}${fragment ? ' fragment' : ''}`, common);
}

/** RFC 8200. */
function ipv6(frame: Reader): Packet {
  const flow = frame.u32() & 0xfffff;
  const length = frame.u16();
  let next = frame.u8();
  const ttl = frame.u8();
  const source = addressV6(frame.take(16));
  const destination = addressV6(frame.take(16));
  if (length > 0) frame.cut(length);
  const common = { source, destination, ttl };
  for (let headers = 0; headers < 8 && (extensions.has(next) || next === FRAGMENT); headers++) {
    const header = next;
    next = frame.u8();
    const size = frame.u8();
    if (header === FRAGMENT) {
      const offset = frame.u16();
      const id = frame.u32();
      if ((offset & 0xfff8) !== 0) return other(next, frame, `fragment ${id} ${offset}`, common);
    } else frame.take(6 + size * 8);
  }
  return transport(next, frame, `${flow}`, common);
}

function transport(protocol: number, frame: Reader, id: string, common: Partial<Packet>): Packet {
  if (protocol === IP.TCP) return tcp(frame, id, common);
  if (protocol === IP.UDP) return udp(frame, id, common);
  if (protocol === IP.ICMP || protocol === IP.ICMPV6) return icmp(protocol, frame, id, common);
  return other(protocol, frame, `ip ${id}`, common);
}

const tcpFlags = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'];

function tcp(frame: Reader, id: string, common: Partial<Packet>): Packet {
  if (frame.left < 16) return other(IP.TCP, frame, `ip ${id}`, common);
  const [sourcePort, destinationPort] = [frame.u16(), frame.u16()];
  const [sequence, acknowledgement] = [frame.u32(), frame.u32()];
  const headerLength = (frame.u8() >> 4) * 4;
  const bits = frame.u8();
  const window = frame.u16();
  frame.take(4);
  const options = frame.take(Math.max(0, headerLength - 20));
  const flags = tcpFlags.filter((_, bit) => bits & (1 << bit));
  const own = `tcp ${id} ${sequence} ${acknowledgement} ${bits} ${window} ${hash(options)}`;
  return {
    ...common,
    protocol: 'tcp',
    number: IP.TCP,
    sourcePort,
    destinationPort,
    tcp: { sequence, acknowledgement, flags, window },
    ...content(frame, own),
  };
}

function udp(frame: Reader, id: string, common: Partial<Packet>): Packet {
  if (frame.left < 4) return other(IP.UDP, frame, `ip ${id}`, common);
  const [sourcePort, destinationPort] = [frame.u16(), frame.u16()];
  frame.take(4);
  return { ...common, protocol: 'udp', number: IP.UDP, sourcePort, destinationPort, ...content(frame, `udp ${id}`) };
}

/** Types that carry an identifier, which translation may change: echo and its answer, of ICMP and ICMPv6. */
const echoes = new Set([0, 8, 128, 129]);

function icmp(protocol: number, frame: Reader, id: string, common: Partial<Packet>): Packet {
  const version = protocol === IP.ICMP ? 4 : 6;
  const [type, code] = [frame.u8(), frame.u8()];
  frame.take(2);
  const echo = echoes.has(type);
  const identifier = echo ? frame.u16() : undefined;
  const about = { ...common, protocol: 'icmp', number: protocol } as const;
  const found = { type, code, version, ...(identifier === undefined ? {} : { id: identifier }) } as const;
  const isError = version === 4 ? [3, 4, 5, 11, 12].includes(type) : type < 128;
  const own = `icmp${version} ${id} ${type} ${code}`;
  // What an error quotes is translated as well, but not its identity. Only the quoted header is sure to be whole.
  const quoted = frame.rest();
  const rest = content(frame, own);
  // Nobody translates what neighbours tell each other, and one report is like another but for its sender.
  const apart = version === 6 && !echo ? ` ${common.source} ${common.destination}` : '';
  if (!isError) return { ...about, icmp: found, ...rest, identity: `${rest.identity}${apart}` };
  quoted.take(4);
  const inner = above(version === 4 ? ETHERTYPE.IPV4 : ETHERTYPE.IPV6, quoted);
  const identity = `${own} of ${inner.protocol} ${inner.tcp?.sequence ?? ''} ${inner.payloadLength}`;
  return { ...about, icmp: found, ...rest, identity };
}

function content(rest: Reader, identity: string): Pick<Packet, 'payload' | 'payloadLength' | 'identity'> {
  const { bytes, length } = rest.rest();
  return { payload: bytes, payloadLength: length, identity: `${identity} ${length} ${hash(bytes)}` };
}

/** FNV-1a of at most the first 512 bytes: it tells packets of one connection apart, and is no protection against anybody. */
function hash(bytes: Uint8Array): number {
  let value = 0x811c9dc5;
  const end = Math.min(bytes.length, 512);
  for (let at = 0; at < end; at++) value = Math.imul(value ^ bytes[at]!, 0x01000193);
  return value >>> 0;
}
