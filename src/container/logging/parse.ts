/** One record of a log: a line that a container printed, or a piece of a long one. */
export interface LogEntry {
  stream: 'stdout' | 'stderr';
  /** RFC 3339 in UTC, with as many digits as it has. */
  time: string;
  /** Its bytes as a `latin1` string, with the newline where it has one. */
  line: string;
  /** JSON of the attributes that the log's options name. */
  attrs?: string;
}

const beginning = '{"log":"';
const afterLine = '","stream":"';
const beforeAttrs = '","attrs":';
const beforeTime = ',"time":"';
/** The longest possible record, in bytes: 16 KiB of a line with every byte escaped, and the attributes. */
const longest = 1 << 18;

/**
 * Parses a log that comes in chunks of any size. Remains of a record that a crash or a full disk cut off are skipped, also
 * where the next record follows without a newline.
 */
export class LogParser {
  private rest = '';

  /** Adds a chunk; returns the records that are complete now. */
  push(chunk: Buffer): LogEntry[] {
    // One byte a character: V8 cuts such strings without copying, and searches them as fast as memory.
    const text = this.rest + chunk.toString('latin1');
    const entries: LogEntry[] = [];
    let at = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
      const entry = readRecord(text, at, end) ?? afterDamage(text.slice(at, end));
      if (entry !== undefined) entries.push(entry);
      at = end + 1;
    }
    this.rest = text.slice(Math.max(at, text.length - longest));
    return entries;
  }

  /** Drops the incomplete record at the end, which is to be pushed again. Returns its length in bytes. */
  takeBack(): number {
    const { length } = this.rest;
    this.rest = '';
    return length;
  }
}

/** The record at the end of a line that begins with the remains of another. */
function afterDamage(line: string): LogEntry | undefined {
  const from = line.lastIndexOf(beginning);
  return from < 0 ? undefined : readRecord(line, from, line.length);
}

/** The record from `from` to `end`; undefined where there is none. */
function readRecord(text: string, from: number, end: number): LogEntry | undefined {
  if (!text.startsWith(beginning, from) || !text.startsWith('Z"}', end - 3)) return undefined;
  const begin = from + beginning.length;
  // Not in the line itself: a quotation mark has a backslash there.
  const lineEnd = text.indexOf(afterLine, begin);
  if (lineEnd < 0 || lineEnd > end) return undefined;
  const streamEnd = lineEnd + afterLine.length + 'stdout'.length;
  const stream = text.slice(lineEnd + afterLine.length, streamEnd);
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  const timeAt = text.lastIndexOf(beforeTime, end);
  if (timeAt < streamEnd) return undefined;
  const line = unescaped(text, begin, lineEnd);
  if (line === undefined) return undefined;
  const entry: LogEntry = { stream, time: text.slice(timeAt + beforeTime.length, end - 2), line };
  if (text.startsWith(beforeAttrs, streamEnd)) entry.attrs = text.slice(streamEnd + beforeAttrs.length, timeAt);
  return entry;
}

/** The bytes that the inside of a JSON string stands for. */
function unescaped(text: string, begin: number, end: number): string | undefined {
  const backslash = text.indexOf('\\', begin);
  if (backslash < 0 || backslash >= end) return text.slice(begin, end);
  if (backslash === end - 2 && text[backslash + 1] === 'n') return `${text.slice(begin, backslash)}\n`;
  try {
    const utf8 = Buffer.from(text.slice(begin, end), 'latin1').toString();
    return Buffer.from(JSON.parse(`"${utf8}"`)).toString('latin1');
  } catch {
    return undefined;
  }
}
