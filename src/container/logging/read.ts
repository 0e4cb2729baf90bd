import { lastLines, openLog, renew } from './files.ts';
import { type LogEntry, LogParser } from './parse.ts';

/** Which records `logs` was asked for. */
export interface LogSelection {
  follow: boolean;
  /**
   * At most this many of the records that exist already; all by default. Records that the times exclude count too, as with
   * Docker.
   */
  tail?: number;
  /** RFC 3339 in UTC, to the nanosecond; both included. */
  since?: string;
  until?: string;
}

/**
 * Reads a log, rotated files first. Yields many records at a time: a million steps of an async generator would take a second.
 * With `follow` it goes on until `ended`, also across rotations, or, as with Docker, until a record is later than `until`.
 */
export async function* readLog(
  file: string,
  options: LogSelection & { ended: () => boolean; pollMs?: number },
): AsyncGenerator<LogEntry[]> {
  const select = selector(options);
  const parser = new LogParser();
  const chunk = Buffer.allocUnsafe(1 << 18);
  let sources = await openLog(file);
  try {
    if (options.tail !== undefined) sources = lastLines(sources, options.tail);
    for (let again = false; ; again = true) {
      // Asked before each look: whatever was written before the end is then still read.
      const last = !options.follow || options.ended();
      if (again) sources = await renew(file, sources[0]);
      for (let source = sources[0]; source !== undefined; source = sources[0]) {
        for (let size = source.read(chunk); size > 0; size = source.read(chunk)) {
          const read = parser.push(chunk.subarray(0, size));
          const entries = select(read);
          if (entries.length > 0) yield entries;
          if (options.follow && isLater(read.at(-1), options.until)) return;
        }
        // An incomplete record is read again next time: the supervisor takes back one that a full disk cut short.
        source.position -= parser.takeBack();
        if (sources.length === 1) break;
        sources.shift()?.close();
      }
      if (last) return;
      await new Promise(resolve => setTimeout(resolve, options.pollMs ?? 50));
    }
  } finally {
    for (const source of sources) source.close();
  }
}

function selector({ since, until }: LogSelection): (entries: LogEntry[]) => LogEntry[] {
  if (since === undefined && until === undefined) return entries => entries;
  const [from, to] = [since && comparable(since), until && comparable(until)];
  const isWanted = (entry: LogEntry) => {
    const time = comparable(entry.time);
    return (from === undefined || time >= from) && (to === undefined || time <= to);
  };
  return entries => entries.filter(isWanted);
}

const isLater = (entry: LogEntry | undefined, until: string | undefined) =>
  entry !== undefined && until !== undefined && comparable(entry.time) > comparable(until);

/** Makes times with and without a fraction of the second comparable as text. */
const comparable = (time: string) => {
  const text = time.slice(0, -1);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
};
