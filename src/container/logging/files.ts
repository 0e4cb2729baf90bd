import fs from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../../errors.ts';
import { listIfPresent } from '../../state/files.ts';

/** An open file of a log, and the position up to which it was read. */
export class Source {
  position = 0;
  /** When it was opened. */
  readonly stat: fs.Stats;

  constructor(
    /** Copies bytes from `position` on into `buffer`; returns how many, 0 at the end. */
    private readonly readAt: (buffer: Buffer, position: number) => number,
    readonly statNow: () => fs.Stats,
    private readonly size: () => number,
    readonly close: () => void,
    /** What a compressed one holds, in bytes. */
    readonly packedSize?: number,
  ) {
    this.stat = statNow();
  }

  read(buffer: Buffer): number {
    // Somebody emptied the file, as people do with Docker's logs (truncate(1)).
    if (this.size() < this.position) this.position = 0;
    const count = this.readAt(buffer, this.position);
    this.position += count;
    return count;
  }

  /** The whole content, regardless of the position. */
  content(): Buffer {
    const buffer = Buffer.allocUnsafe(this.size());
    return buffer.subarray(0, this.readAt(buffer, 0));
  }

  /** Moves the position to `lines` lines before the end, or to the beginning. Returns how many lines that was. */
  seekBack(lines: number): number {
    const block = Buffer.allocUnsafe(1 << 16);
    let seen = -1;
    for (let end = this.size(); end > 0; ) {
      const begin = Math.max(0, end - block.length);
      const part = block.subarray(0, end - begin);
      this.readAt(part, begin);
      for (let at = part.lastIndexOf(10); at >= 0; at = at === 0 ? -1 : part.lastIndexOf(10, at - 1)) {
        if (++seen < lines) continue;
        this.position = begin + at + 1;
        return lines;
      }
      end = begin;
    }
    this.position = 0;
    return seen + 1;
  }
}

/**
 * The files of a log, the oldest first: `FILE.2.gz`, `FILE.1`, `FILE`. None where nothing was logged. A rotation meanwhile
 * gives files higher numbers; they are opened from the lowest number to the highest, so that none is missed, and one that is
 * met twice counts once.
 */
export async function openLog(file: string): Promise<Source[]> {
  const found: Source[] = [];
  // During a rotation one number is missing for a moment, and there is one more file than before.
  const highest = Math.max(0, ...numbersOf(file)) + 2;
  for (let number = 0; number <= highest; number++) {
    const name = number === 0 ? file : `${file}.${number}`;
    const source = openPlain(name) ?? (number === 0 ? undefined : await openPacked(`${name}.gz`));
    if (source === undefined) continue;
    if (found.some(one => isSame(one, source))) source.close();
    else found.unshift(source);
  }
  return found;
}

/**
 * Whether two sources are the same file. A file that was compressed meanwhile has another inode. Times and sizes alone do not
 * identify it: several files can be filled within one tick of the kernel's clock.
 */
function isSame(one: Source, other: Source): boolean {
  if (one.packedSize === undefined && other.packedSize !== undefined) return isCompressed(one, other);
  return one.stat.ino === other.stat.ino;
}

const isCompressed = (plain: Source, packed: Source) =>
  packed.packedSize === plain.statNow().size && packed.content().equals(plain.content());

/** How much a compressed file holds: its last four bytes say it (RFC 1952). */
function sizeInside(packed: Source): number {
  const bytes = Buffer.alloc(4);
  packed.position = Math.max(0, packed.stat.size - 4);
  packed.read(bytes);
  packed.position = 0;
  return bytes.readUInt32LE(0);
}

/**
 * The files to read after `current`, which was read to its end: first `current` again, which may have grown before it was
 * rotated, then the newer ones.
 */
export async function renew(file: string, current: Source | undefined): Promise<Source[]> {
  if (current === undefined) return openLog(file);
  const now = fs.statSync(file, { throwIfNoEntry: false });
  // Without a current file the log is being rotated at this moment.
  if (now === undefined || now.ino === current.stat.ino) return [current];
  const all = await openLog(file);
  const place = all.findLastIndex(one => isSame(current, one));
  // Where `current` itself is gone, all files that are left are newer.
  const newer = all.slice(place + 1);
  for (const source of all) if (!newer.includes(source)) source.close();
  return [current, ...newer];
}

/** The sources that hold the last `count` lines; the first of them is positioned at the first of these lines. */
export function lastLines(sources: Source[], count: number): Source[] {
  let left = count;
  for (const [i, source] of [...sources.entries()].reverse()) {
    left -= source.seekBack(left);
    if (left > 0) continue;
    for (const older of sources.slice(0, i)) older.close();
    return sources.slice(i);
  }
  return sources;
}

/** The numbers of its rotated files, which are plain or have `.gz` behind them: higher ones are older. */
function numbersOf(file: string): number[] {
  const prefix = `${path.basename(file)}.`;
  return listIfPresent(path.dirname(file)).flatMap(name => {
    const number = name.startsWith(prefix) ? /^(\d{1,6})(?:\.gz)?$/.exec(name.slice(prefix.length))?.[1] : undefined;
    return number === undefined ? [] : [Number(number)];
  });
}

async function openPacked(name: string): Promise<Source | undefined> {
  const packed = openPlain(name);
  if (packed === undefined) return undefined;
  const { gunzipSync } = await import('node:zlib');
  let content: Buffer | undefined;
  const unpacked = () => {
    content ??= unpack(packed, gunzipSync);
    return content;
  };
  return new Source(
    (buffer, position) => unpacked().copy(buffer, 0, position),
    () => packed.stat,
    () => unpacked().length,
    () => packed.close(),
    sizeInside(packed),
  );
}

/** A damaged file counts as empty, so that the others can still be read. */
function unpack(packed: Source, gunzip: (content: Buffer) => Buffer): Buffer {
  const content = Buffer.allocUnsafe(packed.stat.size);
  packed.read(content);
  try {
    return gunzip(content);
  } catch {
    return Buffer.alloc(0);
  }
}

function openPlain(name: string): Source | undefined {
  let fd: number;
  try {
    fd = fs.openSync(name, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  return new Source(
    (buffer, position) => fs.readSync(fd, buffer, 0, buffer.length, position),
    () => fs.fstatSync(fd),
    () => fs.fstatSync(fd).size,
    () => fs.closeSync(fd),
  );
}
