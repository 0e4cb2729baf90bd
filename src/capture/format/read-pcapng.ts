import { MinidockError } from '../../errors.ts';
import { block, byteOrderMagic, option } from './pcapng.ts';

export interface ReadInterface {
  readonly linkType: number;
  readonly name: string;
  readonly description: string;
  readonly comment: string;
  /** Times are in 10 to the minus this seconds. */
  readonly resolution: number;
}

export interface ReadPacket {
  readonly interface: number;
  /** Since the epoch, in units of its interface. */
  readonly time: bigint;
  readonly length: number;
  readonly bytes: Uint8Array;
  readonly comment: string;
}

export interface ReadCapture {
  readonly comment: string;
  /** The program that wrote it. */
  readonly application: string;
  readonly interfaces: readonly ReadInterface[];
  readonly packets: readonly ReadPacket[];
  /** The last block is not whole: whoever wrote the file was killed. */
  readonly cutOff: boolean;
}

const pcapMagics = new Set([0xa1b2c3d4, 0xa1b23c4d, 0xd4c3b2a1, 0x4d3cb2a1]);

/**
 * Takes a pcapng file apart, of the kind that this folder writes: one section, little-endian.
 *
 * @throws {MinidockError} `broken-capture`, naming the block and its place
 */
export function readPcapng(file: string, content: Buffer): ReadCapture {
  const found = { comment: '', application: '', interfaces: [] as ReadInterface[], packets: [] as ReadPacket[] };
  if (content.length < 12) throw broken(file, content.length === 0 ? 'it is empty' : 'it is too short');
  const first = content.readUInt32LE(0);
  if (pcapMagics.has(first)) throw broken(file, 'it is a pcap of one interface, and no pcapng');
  if (first !== block.section) throw broken(file, 'it is no pcapng');
  if (content.readUInt32LE(8) !== byteOrderMagic)
    throw broken(file, 'its byte order is not that of minidock, or it is damaged at its beginning');
  let at = 0;
  while (at < content.length) {
    const wrong = (reason: string) => broken(file, `the block at byte ${at}: ${reason}`);
    if (content.length - at < 12) break;
    const type = content.readUInt32LE(at);
    const size = content.readUInt32LE(at + 4);
    if (size < 12 || size % 4 !== 0 || size > 1 << 24) throw wrong(`its length cannot be ${size}`);
    if (at + size > content.length) break;
    if (content.readUInt32LE(at + size - 4) !== size) throw wrong('its two lengths differ');
    const body = content.subarray(at + 8, at + size - 4);
    if (type === block.section) {
      if (at > 0) throw wrong('a second section, and minidock writes one');
      if (body.length < 16) throw wrong('too short for a section header');
      const options = optionsOf(body, 16, wrong);
      found.comment = textOf(options, option.comment);
      found.application = textOf(options, option.shb_userappl);
    } else if (type === block.interface) found.interfaces.push(interfaceOf(body, wrong));
    else if (type === block.packet) found.packets.push(packetOf(body, found.interfaces.length, wrong));
    at += size;
  }
  return { ...found, cutOff: at < content.length };
}

type Wrong = (reason: string) => MinidockError;

function broken(file: string, reason: string): MinidockError {
  return new MinidockError('broken-capture', `${file}: ${reason}`, {
    fix: 'give a file that `minidock capture --write FILE` wrote',
  });
}

function interfaceOf(body: Buffer, wrong: Wrong): ReadInterface {
  if (body.length < 8) throw wrong('too short for an interface');
  const options = optionsOf(body, 8, wrong);
  return {
    linkType: body.readUInt16LE(0),
    name: textOf(options, option.if_name),
    description: textOf(options, option.if_description),
    comment: textOf(options, option.comment),
    // Microseconds where nothing is said.
    resolution: options.get(option.if_tsresol)?.[0]?.[0] ?? 6,
  };
}

function packetOf(body: Buffer, interfaces: number, wrong: Wrong): ReadPacket {
  if (body.length < 20) throw wrong('too short for a packet');
  const number = body.readUInt32LE(0);
  if (number >= interfaces) throw wrong(`a packet of interface ${number}, and there are ${interfaces}`);
  const kept = body.readUInt32LE(12);
  if (20 + kept > body.length) throw wrong(`a packet of ${kept} bytes in a block of ${body.length + 12}`);
  const end = 20 + kept + ((4 - (kept % 4)) % 4);
  return {
    interface: number,
    time: (BigInt(body.readUInt32LE(4)) << 32n) + BigInt(body.readUInt32LE(8)),
    length: body.readUInt32LE(16),
    bytes: body.subarray(20, 20 + kept),
    comment: textOf(optionsOf(body, end, wrong), option.comment),
  };
}

function optionsOf(body: Buffer, start: number, wrong: Wrong): Map<number, Buffer[]> {
  const found = new Map<number, Buffer[]>();
  for (let at = start; at + 4 <= body.length; ) {
    const code = body.readUInt16LE(at);
    const length = body.readUInt16LE(at + 2);
    if (code === 0) break;
    if (at + 4 + length > body.length) throw wrong(`option ${code} of ${length} bytes runs over its end`);
    found.set(code, [...(found.get(code) ?? []), body.subarray(at + 4, at + 4 + length)]);
    at += 4 + length + ((4 - (length % 4)) % 4);
  }
  return found;
}

function textOf(options: Map<number, Buffer[]>, code: number): string {
  return (options.get(code) ?? []).map(value => value.toString('utf8')).join('\n');
}
