import fs from 'node:fs';
import { CHUNK } from '../syscalls/protocol.ts';

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
      // Asked before each read: whatever was written before the end is then still read.
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
      // An incomplete record is read again next time: the supervisor takes back a record that a full disk cut short.
      if (last) held = [...(held ?? []), ...[...parser.end()].filter(select)];
      else position -= parser.takeBack();
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
  // Times are compared as text: a Date has milliseconds, an entry nanoseconds.
  const from = since?.toISOString().slice(0, -1);
  const to = until && `${until.toISOString().slice(0, -1)}999999Z`;
  return ({ time }) => (from === undefined || time >= from) && (to === undefined || time <= to);
}

function openIfPresent(file: string): number | undefined {
  return fs.existsSync(file) ? fs.openSync(file, 'r') : undefined;
}

/** A record's first line. */
const firstLine = /^(\d{10}\.\d{9}) (out|err) (\d{1,5})$/;
const firstLineAnywhere = /\d{10}\.\d{9} (?:out|err) \d{1,5}\n/g;
/** The longest one, with its newline, in bytes. */
const longestFirstLine = 31;

interface Header {
  stream: LogEntry['stream'];
  time: string;
  /** Where its bytes begin and end. */
  begin: number;
  end: number;
}

/**
 * Cuts the log into lines, whichever way it is cut into chunks. A record that a full disk or a crash cut short ends where the
 * next one begins; bytes that belong to no record are passed over.
 */
export class LogParser {
  private rest: Buffer = Buffer.alloc(0);
  /** A line that has not ended yet, of each stream. */
  private readonly open = new Map<LogEntry['stream'], { time: string; parts: Buffer[] }>();

  *push(chunk: Buffer): Generator<LogEntry> {
    const data = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
    const done = yield* this.records(data, false);
    this.rest = Buffer.from(data.subarray(done));
  }

  /** Forgets the beginning of a record that is not whole yet, to be pushed anew. Returns its length in bytes. */
  takeBack(): number {
    const { length } = this.rest;
    this.rest = Buffer.alloc(0);
    return length;
  }

  /** What is left: a record that was cut short, and lines without their end. */
  *end(): Generator<LogEntry> {
    yield* this.records(this.rest, true);
    this.takeBack();
    for (const [stream, { time, parts }] of this.open) yield { stream, time, line: Buffer.concat(parts) };
    this.open.clear();
  }

  /** Returns how far it came: to the end, or to the record that goes on in data that is not there yet. */
  private *records(data: Buffer, last: boolean): Generator<LogEntry, number> {
    let header = readHeader(data, 0);
    let at = 0;
    for (;;) {
      if (header === 'incomplete') return at;
      if (header === undefined) {
        const found = findHeader(data, at);
        // The beginning of one may be among the last bytes.
        if (found === undefined) return Math.max(at, data.length - longestFirstLine + 1);
        at = found;
        header = readHeader(data, at);
        continue;
      }
      if (header.end > data.length && !last) return at;
      const next = readHeader(data, header.end);
      const cut = next === undefined || header.end > data.length ? findHeader(data, header.begin - 1) : undefined;
      const end = Math.min(cut ?? header.end, header.end, data.length);
      yield* this.lines(header.stream, rfc3339(header.time), data.subarray(header.begin, end));
      at = end;
      header = end === header.end ? next : readHeader(data, end);
    }
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

/** The first line of a record at `at`; undefined where there is none, `incomplete` where the data ends before that is clear. */
function readHeader(data: Buffer, at: number): Header | 'incomplete' | undefined {
  const beginning = data.toString('latin1', at, at + longestFirstLine);
  const newline = beginning.indexOf('\n');
  if (newline < 0) return beginning.length < longestFirstLine ? 'incomplete' : undefined;
  const [, time, stream, length] = firstLine.exec(beginning.slice(0, newline)) ?? [];
  if (time === undefined || Number(length) > CHUNK) return undefined;
  const begin = at + newline + 1;
  return { stream: stream === 'err' ? 'stderr' : 'stdout', time, begin, end: begin + Number(length) };
}

/** Where the next record begins after `from`. */
function findHeader(data: Buffer, from: number): number | undefined {
  for (let size = 512; ; size *= 2) {
    const text = data.toString('latin1', from + 1, from + 1 + size);
    for (const { index } of text.matchAll(firstLineAnywhere)) {
      if (typeof readHeader(data, from + 1 + index) === 'object') return from + 1 + index;
    }
    if (from + size >= data.length) return undefined;
  }
}

/** `2026-11-20T18:42:00.123456789Z` of `1795200120.123456789`. */
function rfc3339(time: string): string {
  const [seconds = '0', fraction = '0'] = time.split('.');
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}
