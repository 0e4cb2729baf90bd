import { TarError } from './error.ts';
import { blockSize, number, type TarEntry } from './header.ts';

/** Which ranges of a file have data in the archive; the rest are holes. In order, not overlapping. */
export type SparseMap = readonly { offset: number; length: number }[];

const maxRanges = 1 << 20;

/** Offsets and lengths in turn. Throws where they overlap, run backwards or pass the end of the file. */
export function parseMap(numbers: readonly number[], size: number): SparseMap {
  if (numbers.length % 2 !== 0 || numbers.length > 2 * maxRanges) throw new TarError('a sparse map is malformed');
  const map: { offset: number; length: number }[] = [];
  let end = 0;
  for (let i = 0; i < numbers.length; i += 2) {
    const [offset, length] = [numbers[i]!, numbers[i + 1]!];
    if (offset < end || length < 0 || offset + length > size) throw new TarError('a sparse map is malformed');
    end = offset + length;
    if (length > 0) map.push({ offset, length });
  }
  return map;
}

/** The old GNU format (type S): four ranges in the header itself, 21 in each block that follows while the last says so. */
export class OldSparse {
  readonly #numbers: number[] = [];
  /** Whether another block of ranges follows. */
  more: boolean;

  constructor(header: Buffer) {
    this.#read(header, 386, 4);
    this.more = header[482] !== 0;
  }

  extend(block: Buffer): void {
    this.#read(block, 0, 21);
    this.more = block[504] !== 0;
    if (this.#numbers.length > 2 * maxRanges) throw new TarError('a sparse map is malformed');
  }

  finish(entry: TarEntry, header: Buffer): SparseMap {
    entry.size = number(header, 483, 12);
    return parseMap(this.#numbers, entry.size);
  }

  #read(block: Buffer, at: number, count: number): void {
    for (let i = 0; i < count && block[at + i * 24] !== 0; i++) {
      this.#numbers.push(number(block, at + i * 24, 12), number(block, at + i * 24 + 12, 12));
    }
  }
}

/**
 * Format 1.0: decimal numbers, one a line, before the data: how many ranges, then offset and length of each, padded to a
 * block. Undefined while the text is not complete.
 */
export function parseMapInData(content: Buffer, size: number): { map: SparseMap; length: number } | undefined {
  const numbers: number[] = [];
  let at = 0;
  while (numbers.length === 0 || numbers.length < 1 + 2 * numbers[0]!) {
    const end = content.indexOf(0x0a, at);
    if (end === -1) return undefined;
    const digits = content.toString('latin1', at, end);
    if (!/^[0-9]{1,15}$/.test(digits)) throw new TarError('a sparse map is malformed');
    numbers.push(Number(digits));
    if (numbers[0]! > maxRanges) throw new TarError('a sparse map is malformed');
    at = end + 1;
  }
  const length = Math.ceil(at / blockSize) * blockSize;
  return content.length < length ? undefined : { map: parseMap(numbers.slice(1), size), length };
}
