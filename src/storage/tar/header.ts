import { TarError } from './error.ts';

/**
 * Names and values of an archive are bytes, not text: a file may be called `\xff`. They are kept as *byte strings*, one
 * character per byte (latin1), which compare and split like text and lose nothing. `pathOf` makes them fit for `fs`.
 */
export type ByteString = string;

export const blockSize = 512;

export type EntryType = 'file' | 'link' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';

/** One member of an archive, its extended headers already applied. */
export interface TarEntry {
  type: EntryType;
  name: ByteString;
  /** What a link points to; empty for everything else. */
  target: ByteString;
  /** Permission bits with setuid, setgid and sticky: 0o7777. */
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since 1970, with a fraction where a PAX header gives one. */
  mtime: number;
  /** Bytes of the file itself: of a sparse one with its holes. */
  size: number;
  major: number;
  minor: number;
  /** Extended attributes: name to bytes. */
  xattrs: Map<string, Buffer>;
}

/** The 512 bytes before each member, as they stand (POSIX.1-1988 "ustar", with GNU's and star's extensions). */
export interface RawHeader {
  flag: string;
  entry: TarEntry;
  /** Bytes of data that follow, before padding. */
  stored: number;
  block: Buffer;
}

/** Decodes a header block. Throws `TarError` where the checksum or a number is wrong. */
export function decodeHeader(block: Buffer): RawHeader {
  checkSum(block);
  const magic = block.toString('latin1', 257, 265);
  const flag = block[156] === 0 ? '0' : String.fromCharCode(block[156]!);
  let name = field(block, 0, 100);
  if (magic.startsWith('ustar\0')) {
    // star keeps times behind a shorter prefix.
    const prefix = field(block, 345, block.toString('latin1', 508, 512) === 'tar\0' ? 131 : 155);
    if (prefix !== '') name = `${prefix}/${name}`;
  }
  const stored = number(block, 124, 12);
  if (stored < 0) throw new TarError('a size is negative');
  const entry: TarEntry = {
    type: 'file',
    name,
    target: field(block, 157, 100),
    mode: number(block, 100, 8) & 0o7777,
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    mtime: number(block, 136, 12),
    size: stored,
    major: magic.startsWith('ustar') ? number(block, 329, 8) : 0,
    minor: magic.startsWith('ustar') ? number(block, 337, 8) : 0,
    xattrs: new Map(),
  };
  return { flag, entry, stored, block };
}

/** Whether a block is all zero: two of them end an archive. */
export function isZero(block: Buffer): boolean {
  return block.every(byte => byte === 0);
}

/** A field's bytes up to the first NUL. */
function field(block: Buffer, at: number, length: number): ByteString {
  const text = block.toString('latin1', at, at + length);
  const end = text.indexOf('\0');
  return end === -1 ? text : text.slice(0, end);
}

/**
 * A number: octal digits among spaces and NULs, or GNU's base 256 where the first bit is set (big-endian, two's
 * complement after that bit).
 */
export function number(block: Buffer, at: number, length: number): number {
  const first = block[at]!;
  if ((first & 0x80) === 0) {
    const digits = block.toString('latin1', at, at + length).replace(/^[ \0]+|[ \0].*$/gs, '');
    if (digits === '') return 0;
    if (!/^[0-7]+$/.test(digits))
      throw new TarError(`a header holds ${JSON.stringify(digits)} where an octal number belongs`);
    return Number.parseInt(digits, 8);
  }
  const negative = (first & 0x40) !== 0;
  let value = negative ? -1n : 0n;
  value = (value << 6n) | BigInt(first & 0x3f);
  for (let i = 1; i < length; i++) value = (value << 8n) | BigInt(block[at + i]!);
  const result = Number(value);
  if (!Number.isSafeInteger(result)) throw new TarError('a number is too large');
  return result;
}

/** The sum of all bytes, its own field read as spaces; some old writers summed signed bytes. */
function checkSum(block: Buffer): void {
  const wanted = number(block, 148, 8);
  let unsigned = 8 * 0x20;
  let signed = unsigned;
  for (let i = 0; i < blockSize; i++) {
    if (i === 148) i = 156;
    const byte = block[i]!;
    unsigned += byte;
    signed += byte < 0x80 ? byte : byte - 0x100;
  }
  if (wanted !== unsigned && wanted !== signed) throw new TarError('a header has the wrong checksum');
}
