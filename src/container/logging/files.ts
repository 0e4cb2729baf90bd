import fs from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../../errors.ts';
import { listIfPresent } from '../../state/files.ts';

/** A file of a log, open, and how far it was read. */
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
  ) {
    this.stat = statNow();
  }

  read(buffer: Buffer): number {
    // Somebody emptied it: truncate(1) is how people do that with Docker's.
    if (this.size() < this.position) this.position = 0;
    const count = this.readAt(buffer, this.position);
    this.position += count;
    return count;
  }

  /** Goes back from the end by so many lines, or to the beginning. Returns by how many. */
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

/** The files of a log, the oldest first: `FILE.2.gz`, `FILE.1`, `FILE`. None where nothing was logged. */
export async function openLog(file: string): Promise<Source[]> {
  for (;;) {
    const newest = openPlain(file);
    const sources: Source[] = [];
    for (const name of rotatedFiles(file)) sources.push(...(await openRotated(name)));
    if (newest !== undefined) sources.push(newest);
    // Rotated meanwhile: one may be missing, or be there twice.
    if (fs.statSync(file, { throwIfNoEntry: false })?.ino === newest?.stat.ino) return sources;
    for (const source of sources) source.close();
  }
}

/**
 * What is to be read after `current`, which was read to its end: first that again, as it may have got more before it was rotated,
 * then what is newer.
 */
export async function renew(file: string, current: Source | undefined): Promise<Source[]> {
  if (current === undefined) return openLog(file);
  const now = fs.statSync(file, { throwIfNoEntry: false });
  // Where there is none, it is being rotated.
  if (now === undefined || now.ino === current.stat.ino) return [current];
  const all = await openLog(file);
  const place = all.findIndex(({ stat }) => stat.ino === current.stat.ino);
  // One that was compressed since has another inode, and the same time.
  const { mtimeMs } = current.statNow();
  const newer = place >= 0 ? all.slice(place + 1) : all.filter(({ stat }) => stat.mtimeMs > mtimeMs + 1);
  for (const source of all) if (!newer.includes(source)) source.close();
  return [current, ...newer];
}

/** Those of the sources that hold the last `count` lines, the first of them at the place where these begin. */
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

/** `FILE.9`, `FILE.8` and so on, which are plain or have `.gz` behind them: higher numbers are older. */
function rotatedFiles(file: string): string[] {
  const prefix = `${path.basename(file)}.`;
  const numbers = new Set<number>();
  for (const name of listIfPresent(path.dirname(file))) {
    const number = name.startsWith(prefix) ? /^(\d+)(?:\.gz)?$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (number !== undefined) numbers.add(Number(number));
  }
  return [...numbers].sort((a, b) => b - a).map(number => `${file}.${number}`);
}

async function openRotated(name: string): Promise<Source[]> {
  // Both are there where the compression was not finished.
  const plain = openPlain(name);
  if (plain !== undefined) return [plain];
  const packed = openPlain(`${name}.gz`);
  if (packed === undefined) return [];
  const { gunzipSync } = await import('node:zlib');
  let content: Buffer | undefined;
  const unpacked = () => {
    content ??= unpack(packed, gunzipSync);
    return content;
  };
  return [
    new Source(
      (buffer, position) => unpacked().copy(buffer, 0, position),
      () => packed.stat,
      () => unpacked().length,
      () => packed.close(),
    ),
  ];
}

/** A damaged one counts as empty: the others can still be read. */
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
