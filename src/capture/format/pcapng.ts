/**
 * Blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian, and the options that we write and read. All lengths are
 * in bytes; block and option contents are padded to four.
 */
export const block = { section: 0x0a0d0d0a, interface: 1, packet: 6, statistics: 5 } as const;
export const byteOrderMagic = 0x1a2b3c4d;
/** Options by block; a comment may stand in any. */
export const option = {
  comment: 1,
  shb_hardware: 2,
  shb_os: 3,
  shb_userappl: 4,
  if_name: 2,
  if_description: 3,
  if_tsresol: 9,
  if_filter: 11,
  if_os: 12,
  isb_starttime: 2,
  isb_endtime: 3,
  isb_ifrecv: 4,
  isb_ifdrop: 5,
} as const;

export type Option = readonly [code: number, value: string | Uint8Array];

/** The block that begins a file. */
export function sectionHeader(options: readonly Option[]): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(byteOrderMagic, 0);
  body.writeUInt16LE(1, 4);
  // -1: the length of the section is not known before its end.
  body.writeBigInt64LE(-1n, 8);
  return blockOf(block.section, body, options);
}

export interface Interface {
  readonly linkType: number;
  readonly snapLength: number;
  readonly name: string;
  readonly description: string;
  readonly filter?: string;
  readonly comment?: string;
}

/** Its place among the interface blocks is the number that packets bear. */
export function interfaceDescription({ linkType, snapLength, name, description, filter, comment }: Interface): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(linkType, 0);
  body.writeUInt32LE(snapLength, 4);
  return blockOf(block.interface, body, [
    [option.if_name, name],
    [option.if_description, description],
    // Times are in units of 10^-9 s.
    [option.if_tsresol, Uint8Array.of(9)],
    // The first byte: the filter is an expression of libpcap.
    ...(filter ? [[option.if_filter, Buffer.concat([Uint8Array.of(0), Buffer.from(filter)])] as const] : []),
    ...(comment ? [[option.comment, comment] as const] : []),
  ]);
}

/** `time` in nanoseconds; `length` on the wire. */
export function enhancedPacket(
  number: number,
  { time, length, bytes }: { time: bigint; length: number; bytes: Uint8Array },
  comment?: string,
): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt32LE(number, 0);
  head.writeUInt32LE(Number(time >> 32n), 4);
  head.writeUInt32LE(Number(time & 0xffffffffn), 8);
  head.writeUInt32LE(bytes.length, 12);
  head.writeUInt32LE(length, 16);
  const body = Buffer.concat([head, bytes, padding(bytes.length)]);
  return blockOf(block.packet, body, comment ? [[option.comment, comment]] : []);
}

/** What an interface has seen and lost, at the end of a capture. */
export function interfaceStatistics(number: number, time: bigint, received: number, dropped: number): Buffer {
  const body = Buffer.alloc(12);
  body.writeUInt32LE(number, 0);
  body.writeUInt32LE(Number(time >> 32n), 4);
  body.writeUInt32LE(Number(time & 0xffffffffn), 8);
  return blockOf(block.statistics, body, [
    [option.isb_ifrecv, counter(received)],
    [option.isb_ifdrop, counter(dropped)],
  ]);
}

function counter(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function blockOf(type: number, body: Uint8Array, options: readonly Option[]): Buffer {
  const parts = options.map(([code, value]) => {
    // An option's length has 16 bits.
    const content = Buffer.from(value as Uint8Array).subarray(0, 0xfffc);
    const head = Buffer.alloc(4);
    head.writeUInt16LE(code, 0);
    head.writeUInt16LE(content.length, 2);
    return Buffer.concat([head, content, padding(content.length)]);
  });
  const end = options.length > 0 ? [Buffer.alloc(4)] : [];
  const content = Buffer.concat([body, ...parts, ...end]);
  const size = content.length + 12;
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(size, 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(size, 0);
  return Buffer.concat([head, content, tail]);
}

const padding = (length: number) => Buffer.alloc((4 - (length % 4)) % 4);
