import { TarError } from './error.ts';
import { blockSize, decodeHeader, type EntryType, isZero, type RawHeader, type TarEntry } from './header.ts';
import { applyPax, applySparse, type PaxRecords, parsePax } from './pax.ts';
import { OldSparse, parseMapInData, type SparseMap } from './sparse.ts';

/** Who takes an archive apart. All three are called synchronously, in the archive's order; what they throw stops it. */
export interface TarHandler {
  entry(entry: TarEntry): void;
  /** Bytes of a file, to stand at `position` in it. Valid only during the call. */
  data(chunk: Buffer, position: number): void;
  /** The entry is complete. */
  end(entry: TarEntry): void;
}

const types: Record<string, EntryType> = {
  '0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};
/** Go's archive/tar, which reads most layers in this world, allows as much. */
const maxExtendedHeader = 1 << 20;

/**
 * Reads a tar stream: v7, ustar, PAX, GNU and star, sparse files included. Where writers disagree it decides as Go's
 * archive/tar does, so that an image means here what it means to Docker.
 *
 * Why not tar-stream: it decodes PAX values as UTF-8, which destroys binary xattrs such as file capabilities, knows no
 * sparse files, and makes a stream of every file. See docs/decisions/0004-layers.md.
 */
export class TarReader {
  readonly #handler: TarHandler;
  /** What was written and not yet used. */
  #rest: Buffer = Buffer.alloc(0);
  #state: 'header' | 'extended' | 'old sparse' | 'sparse map' | 'data' | 'padding' | 'end' = 'header';
  #header: RawHeader | undefined;
  /** Bytes of the present member's data, or of padding, that are still to come. */
  #missing = 0;
  #padding = 0;
  #position = 0;
  #ranges: SparseMap = [];
  #range = 0;
  #oldSparse: OldSparse | undefined;
  #global: PaxRecords = new Map();
  #local: PaxRecords = new Map();
  #longName = '';
  #longTarget = '';
  #zeroBlocks = 0;
  /** How many members were handed out. */
  entries = 0;

  constructor(handler: TarHandler) {
    this.#handler = handler;
  }

  /** The next bytes of the archive. What follows its end is ignored. */
  write(chunk: Buffer): void {
    let input = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const used = this.#step(input);
      if (used === undefined) break;
      input = input.subarray(used);
    }
    // A copy: the caller may use its buffer again.
    this.#rest = this.#state === 'end' || input.length === 0 ? Buffer.alloc(0) : Buffer.from(input);
  }

  /** The stream is over. Throws where that is in the middle of a member. An archive may lack its final zero blocks. */
  finish(): void {
    const complete = this.#state === 'end' || (this.#state === 'header' && this.#rest.length === 0);
    if (!complete) throw new TarError('it ends in the middle of a file');
  }

  /** Uses up some of the input and says how much; undefined where more is needed first. */
  #step(input: Buffer): number | undefined {
    switch (this.#state) {
      case 'header':
        return input.length < blockSize ? undefined : this.#readHeader(input.subarray(0, blockSize));
      case 'extended':
        return input.length < this.#missing ? undefined : this.#readExtended(input.subarray(0, this.#missing));
      case 'old sparse':
        return input.length < blockSize ? undefined : this.#readOldSparse(input.subarray(0, blockSize));
      case 'sparse map':
        return this.#readSparseMap(input);
      case 'data':
        return input.length === 0 ? undefined : this.#readData(input);
      case 'padding':
        return this.#skipPadding(input);
      case 'end':
        return undefined;
    }
  }

  #readHeader(block: Buffer): number {
    if (isZero(block)) {
      if (++this.#zeroBlocks === 2) this.#state = 'end';
      return blockSize;
    }
    this.#zeroBlocks = 0;
    // Kept beyond this call where an old sparse map follows.
    this.#header = decodeHeader(Buffer.from(block));
    const { flag, stored } = this.#header;
    this.#missing = stored;
    this.#padding = padding(stored);
    if ('xXgLK'.includes(flag)) {
      if (stored > maxExtendedHeader) throw new TarError('an extended header is too long');
      this.#state = 'extended';
    } else if (flag === 'V') this.#state = 'data';
    else this.#begin(this.#header);
    if (flag === 'V') this.#skip();
    return blockSize;
  }

  #readExtended(content: Buffer): number {
    const flag = this.#header!.flag;
    if (flag === 'x' || flag === 'X') this.#local = parsePax(content);
    else if (flag === 'g') for (const [keyword, value] of parsePax(content)) this.#global.set(keyword, value);
    else if (flag === 'L') this.#longName = upToNul(content);
    else this.#longTarget = upToNul(content);
    this.#startPadding();
    return content.length;
  }

  /** Applies what the extended headers said and decides how the data is read. */
  #begin(header: RawHeader): void {
    const { entry, flag } = header;
    const type = types[flag];
    if (type === undefined) throw new TarError(`a member has the unknown type ${JSON.stringify(flag)}`);
    const records: PaxRecords = new Map([...this.#global, ...this.#local]);
    applyPax(entry, records);
    if (records.get('size')) header.stored = entry.size;
    if (this.#longName !== '') entry.name = this.#longName;
    if (this.#longTarget !== '') entry.target = this.#longTarget;
    this.#local = new Map();
    this.#longName = '';
    this.#longTarget = '';
    // Before POSIX.1-1988 a directory was a file whose name ends in a slash.
    entry.type = type === 'file' && entry.name.endsWith('/') ? 'directory' : type;
    if (type !== 'file') {
      // Whatever size such a header gives, no data follows it: Go reads it so.
      header.stored = 0;
      entry.size = 0;
    }
    this.#missing = header.stored;
    this.#padding = padding(header.stored);
    const sparse = type === 'file' ? applySparse(entry, records) : undefined;
    if (flag === 'S') {
      this.#oldSparse = new OldSparse(header.block);
      if (this.#oldSparse.more) this.#state = 'old sparse';
      else this.#open(this.#oldSparse.finish(entry, header.block));
    } else if (sparse === 'in data') this.#state = 'sparse map';
    else this.#open(sparse);
  }

  #readOldSparse(block: Buffer): number {
    this.#oldSparse!.extend(block);
    if (!this.#oldSparse!.more) this.#open(this.#oldSparse!.finish(this.#header!.entry, this.#header!.block));
    return blockSize;
  }

  #readSparseMap(input: Buffer): number | undefined {
    const found = parseMapInData(input.subarray(0, this.#missing), this.#header!.entry.size);
    if (found === undefined) {
      if (input.length >= this.#missing) throw new TarError('a sparse map is malformed');
      return undefined;
    }
    this.#missing -= found.length;
    this.#open(found.map);
    return found.length;
  }

  #open(sparse: SparseMap | undefined): void {
    const { entry } = this.#header!;
    this.#ranges = sparse ?? [{ offset: 0, length: this.#missing }];
    const stored = this.#ranges.reduce((sum, range) => sum + range.length, 0);
    if (stored !== this.#missing) throw new TarError('a sparse map does not fit its data');
    this.#range = 0;
    this.#position = this.#ranges[0]?.offset ?? 0;
    this.entries++;
    this.#handler.entry(entry);
    this.#state = 'data';
    if (this.#missing === 0) this.#close();
  }

  #readData(input: Buffer): number {
    const range = this.#ranges[this.#range]!;
    const used = Math.min(input.length, range.offset + range.length - this.#position);
    if (this.#header!.flag !== 'V') this.#handler.data(input.subarray(0, used), this.#position);
    this.#position += used;
    this.#missing -= used;
    if (this.#missing === 0) this.#close();
    else if (this.#position === range.offset + range.length) this.#position = this.#ranges[++this.#range]!.offset;
    return used;
  }

  #close(): void {
    if (this.#header!.flag !== 'V') this.#handler.end(this.#header!.entry);
    this.#startPadding();
  }

  /** A volume label: its data, if any, is nobody's. */
  #skip(): void {
    this.#ranges = [{ offset: 0, length: this.#missing }];
    this.#range = 0;
    this.#position = 0;
    if (this.#missing === 0) this.#startPadding();
  }

  #startPadding(): void {
    this.#missing = this.#padding;
    this.#state = this.#missing === 0 ? 'header' : 'padding';
  }

  #skipPadding(input: Buffer): number | undefined {
    if (input.length === 0) return undefined;
    const used = Math.min(input.length, this.#missing);
    this.#missing -= used;
    if (this.#missing === 0) this.#state = 'header';
    return used;
  }
}

/** Bytes that fill up the last block. */
function padding(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

function upToNul(content: Buffer): string {
  const text = content.toString('latin1');
  const end = text.indexOf('\0');
  return end === -1 ? text : text.slice(0, end);
}
