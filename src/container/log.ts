import fs from 'node:fs';

/** One line of what a container printed. */
export interface LogEntry {
  stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds. */
  time: string;
  /** With its newline, where it has one. */
  line: Buffer;
}

/**
 * Reads the supervisor's log: a line `SECONDS.NANOSECONDS out|err LENGTH`, then that many bytes as they came
 * (docs/decisions/0003-supervisor.md). Yields whole lines with the time of the chunk in which each began; a line without
 * its end is yielded when nothing more comes.
 */
export async function* readLog(
  file: string,
  options: LogSelection & { ended: () => boolean; pollMs?: number },
): AsyncGenerator<LogEntry> {
  const parser = new LogParser();
  const select = selector(options);
  /** With `tail`: the last lines of what is there already, held back until all of that was read. */
  let held: LogEntry[] | undefined = options.tail === undefined ? undefined : [];
  let position = 0;
  let fd: number | undefined;
  const chunk = Buffer.allocUnsafe(1 << 18);
  try {
    for (;;) {
      // Asked before reading: what was written before the end is read after it was seen.
      const last = !options.follow || options.ended();
      fd ??= openIfPresent(file);
      for (;;) {
        const read = fd === undefined ? 0 : fs.readSync(fd, chunk, 0, chunk.length, position);
        if (read === 0) break;
        position += read;
        for (const entry of parser.push(Buffer.from(chunk.subarray(0, read)))) {
          if (!select(entry)) continue;
          if (held === undefined) yield entry;
          else if (held.push(entry) > 2 * options.tail! + 64) held = lastOf(held, options.tail!);
        }
      }
      if (last) {
        held ??= [];
        held.push(...[...parser.end()].filter(select));
      }
      if (held !== undefined) yield* options.tail === undefined ? held : lastOf(held, options.tail);
      held = undefined;
      if (last) break;
      await new Promise(resolve => setTimeout(resolve, options.pollMs ?? 50));
    }
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/** Which entries `logs` was asked for. */
export interface LogSelection {
  follow: boolean;
  /** Only so many of the lines that are there already; all where missing. */
  tail?: number;
  since?: Date;
  until?: Date;
}

const lastOf = (entries: LogEntry[], count: number) => (count === 0 ? [] : entries.slice(-count));

function selector({ since, until }: LogSelection): (entry: LogEntry) => boolean {
  // Compared as text: a date has milliseconds, an entry nanoseconds.
  const from = since?.toISOString().slice(0, -1);
  const to = until && `${until.toISOString().slice(0, -1)}999999Z`;
  return ({ time }) => (from === undefined || time >= from) && (to === undefined || time <= to);
}

function openIfPresent(file: string): number | undefined {
  return fs.existsSync(file) ? fs.openSync(file, 'r') : undefined;
}

/** Cuts the log into lines, whichever way it is cut into chunks. */
export class LogParser {
  private rest: Buffer = Buffer.alloc(0);
  /** A line that has not ended yet, of each stream. */
  private readonly open = new Map<LogEntry['stream'], { time: string; parts: Buffer[] }>();

  *push(chunk: Buffer): Generator<LogEntry> {
    let data = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
    for (;;) {
      const newline = data.indexOf(10);
      if (newline < 0) break;
      const [time = '', stream, length] = data.toString('latin1', 0, newline).split(' ');
      const end = newline + 1 + Number(length);
      if (data.length < end) break;
      yield* this.lines(stream === 'err' ? 'stderr' : 'stdout', rfc3339(time), data.subarray(newline + 1, end));
      data = data.subarray(end);
    }
    this.rest = Buffer.from(data);
  }

  /** What is left without a line's end. */
  *end(): Generator<LogEntry> {
    for (const [stream, { time, parts }] of this.open) yield { stream, time, line: Buffer.concat(parts) };
    this.open.clear();
  }

  private *lines(stream: LogEntry['stream'], time: string, payload: Buffer): Generator<LogEntry> {
    let at = 0;
    for (let newline = payload.indexOf(10); newline >= 0; newline = payload.indexOf(10, at)) {
      const begun = this.open.get(stream);
      const line = payload.subarray(at, newline + 1);
      this.open.delete(stream);
      yield {
        stream,
        time: begun?.time ?? time,
        line: begun ? Buffer.concat([...begun.parts, line]) : Buffer.from(line),
      };
      at = newline + 1;
    }
    if (at === payload.length) return;
    const begun = this.open.get(stream) ?? { time, parts: [] };
    begun.parts.push(Buffer.from(payload.subarray(at)));
    this.open.set(stream, begun);
  }
}

/** `2026-11-20T18:42:00.123456789Z` of `1795200120.123456789`. */
function rfc3339(time: string): string {
  const [seconds = '0', fraction = '0'] = time.split('.');
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}
