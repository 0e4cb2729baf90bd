import { parseJson, readIfPresent, writeVolatile } from '../../state/files.ts';
import { openLog, type Source } from './files.ts';
import { type LogEntry, LogParser } from './parse.ts';

/** How far a log was sent: a file of it by its inode, and a position in that file in bytes. */
interface Place {
  readonly inode: number;
  readonly position: number;
}

/**
 * Calls `send` with the records that are new since the last time, many at once, and stores the position after each call.
 * Records for which `send` rejects come again; records that were sent just before this process was killed come twice. Records
 * older than the oldest file of the log are lost.
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
    // An incomplete record at the end was cut off by a full disk.
    source.position -= parser.takeBack();
    if (entries.length === 0) return;
    await send(entries);
    writeVolatile(place, JSON.stringify({ inode: source.stat.ino, position: source.position } satisfies Place));
  }
}
