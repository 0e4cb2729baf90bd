import { parseJson, readIfPresent, writeVolatile } from '../../state/files.ts';
import { openLog, type Source } from './files.ts';
import { type LogEntry, LogParser } from './parse.ts';

/** How far a log was sent: which of its files, and so many bytes of that. */
interface Place {
  readonly inode: number;
  readonly position: number;
}

/**
 * Hands the records that a log has got since the last time to `send`, many at once, and writes down after each time how far that
 * was: what `send` rejects comes again, and what was sent and not written down, because this process was killed in between, comes
 * twice. What is older than the oldest file of the log is lost.
 */
export async function sendNew(log: string, place: string, send: (entries: LogEntry[]) => Promise<void>): Promise<void> {
  const sources = await openLog(log);
  try {
    const last = parseJson<Place>(readIfPresent(place) ?? '');
    const at = sources.findIndex(({ stat }) => stat.ino === last?.inode);
    if (at >= 0) sources[at]!.position = last!.position;
    for (const source of sources.slice(Math.max(at, 0))) await sendRest(source, place, send);
  } finally {
    for (const source of sources) source.close();
  }
}

async function sendRest(source: Source, place: string, send: (entries: LogEntry[]) => Promise<void>): Promise<void> {
  const chunk = Buffer.allocUnsafe(1 << 18);
  const parser = new LogParser();
  for (let read = source.read(chunk); read > 0; read = source.read(chunk)) {
    const entries = parser.push(chunk.subarray(0, read));
    // A record is written in one piece, but a full disk cuts it.
    source.position -= parser.takeBack();
    if (entries.length === 0) return;
    await send(entries);
    writeVolatile(place, JSON.stringify({ inode: source.stat.ino, position: source.position } satisfies Place));
  }
}
