import fs from 'node:fs';
import { readIfPresent } from './files.ts';
import { enginePaths, type Roots } from './paths.ts';

/** Something that happened to an object of the engine, in Docker's words (`docker events`). */
export interface Event {
  type: 'builder' | 'container' | 'image' | 'network' | 'volume';
  /** `create`, `start`, `die`, `destroy`, `pull`, `untag`, `prune` … */
  action: string;
  /** Full id of a container or image, name of a volume or network; empty where unused objects of a kind were pruned. */
  id: string;
  /** What else is known: `name`, `image`, `exitCode` … */
  attributes: Record<string, string>;
  /** Nanoseconds since the epoch, decimal. */
  timeNano: string;
}

/** Bytes after which a journal becomes the previous one; the one before that goes. Docker keeps 256 events. */
const limit = 256 * 1024;

/**
 * Appends an event to the engine's journal: one line of JSON in one write, which O_APPEND makes whole beside others'
 * writes (write(2)). The journal lies under the exec root, which a reboot clears. A failure to write it is ignored.
 */
export function recordEvent(roots: Roots, event: Omit<Event, 'timeNano'>): void {
  const { journal } = enginePaths(roots);
  const line = `${JSON.stringify({ ...event, timeNano: String(now()) })}\n`;
  try {
    const file = fs.openSync(journal, 'a', 0o600);
    try {
      fs.writeSync(file, line);
    } finally {
      fs.closeSync(file);
    }
    if (fs.statSync(journal).size > limit) fs.renameSync(journal, `${journal}.1`);
  } catch {
    // The disk is full, for example, or another process has just rotated the journal.
  }
}

/** What the journal holds, oldest first; then, with `follow`, what comes, until `abort` says so. */
export async function* readJournal(
  roots: Roots,
  { follow, abort, pollMs = 50 }: { follow: boolean; abort?: AbortSignal; pollMs?: number },
): AsyncGenerator<Event> {
  const { journal } = enginePaths(roots);
  yield* parse(readIfPresent(`${journal}.1`) ?? '');
  let reader = Reader.open(journal);
  try {
    for (;;) {
      const isLast = !follow || abort?.aborted === true;
      yield* reader?.rest() ?? [];
      if (reader?.isReplaced(journal)) {
        // Events that came between the last read and the rotation.
        yield* reader.rest();
        reader.close();
        reader = undefined;
      }
      if (reader === undefined) {
        reader = Reader.open(journal);
        if (reader !== undefined) continue;
      }
      if (isLast) return;
      await new Promise(resolve => setTimeout(resolve, pollMs));
    }
  } finally {
    reader?.close();
  }
}

/** One file of the journal, read as far as it goes. */
class Reader {
  #position = 0;
  #cut = '';

  private constructor(private readonly fd: number) {}

  static open(file: string): Reader | undefined {
    return fs.existsSync(file) ? new Reader(fs.openSync(file, 'r')) : undefined;
  }

  /** Whole lines since the last time. */
  *rest(): Generator<Event> {
    const chunk = Buffer.allocUnsafe(1 << 16);
    for (;;) {
      const count = fs.readSync(this.fd, chunk, 0, chunk.length, this.#position);
      if (count === 0) return;
      this.#position += count;
      const text = this.#cut + chunk.toString('latin1', 0, count);
      const end = text.lastIndexOf('\n') + 1;
      this.#cut = text.slice(end);
      yield* parse(Buffer.from(text.slice(0, end), 'latin1').toString());
    }
  }

  isReplaced(file: string): boolean {
    return fs.fstatSync(this.fd).ino !== fs.statSync(file, { throwIfNoEntry: false })?.ino;
  }

  close(): void {
    fs.closeSync(this.fd);
  }
}

function* parse(text: string): Generator<Event> {
  for (const line of text.split('\n')) {
    if (line === '') continue;
    try {
      yield JSON.parse(line) as Event;
    } catch {
      // A line that a full disk cut off.
    }
  }
}

const MILLISECOND = 1_000_000n;
let offset: bigint | undefined;
let last = 0n;

/**
 * Nanoseconds since the epoch, later with each call unless the wall clock was set back. Node's wall clock has milliseconds, and the
 * clock that has nanoseconds begins anywhere: it is laid beside the other, and once more whenever the two part, as after the wall clock
 * was set, or where the processor was taken away between the two readings. So it may be late by a millisecond; `performance.timeOrigin`
 * has microseconds, and costs each command a millisecond to load.
 */
function now(): bigint {
  const steady = process.hrtime.bigint();
  const wall = BigInt(Date.now()) * MILLISECOND;
  offset ??= wall - steady;
  let time = steady + offset;
  if (time < wall || time >= wall + MILLISECOND) {
    offset = wall - steady;
    time = wall;
  }
  last = time > last || last - time > MILLISECOND ? time : last + 1n;
  return last;
}
