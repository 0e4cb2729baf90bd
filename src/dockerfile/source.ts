import { MinidockError } from '../errors.ts';

/** A Dockerfile, and what errors call it. */
export interface Source {
  readonly name: string;
  readonly lines: readonly string[];
}

/** Where something stands: line and column count from 1, the length is in characters. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** Docker's reader takes no longer line either. */
const longestLine = 65535;

/** Reads a Dockerfile: UTF-8, with or without a byte order mark, lines ended by LF or CRLF. Throws `dockerfile`. */
export function readSource(name: string, content: Uint8Array): Source {
  const text = new TextDecoder('utf-8').decode(content);
  const source = { name, lines: text.split('\n').map(line => line.replace(/\r$/, '')) };
  source.lines.forEach((line, index) => {
    const place = { line: index + 1, column: 1, length: 1 };
    const nul = line.indexOf('\0');
    if (nul >= 0) throw mistake(source, { ...place, column: nul + 1 }, 'a NUL byte: this is no text file');
    if (line.length > longestLine)
      throw mistake(source, place, `the line has ${line.length} characters, and at most ${longestLine} are read`);
  });
  return source;
}

/**
 * What is wrong at a place of a Dockerfile, as a compiler says it: the place, the reason, and below them the line with a mark
 * under the part that is meant.
 */
export function mistake(source: Source, place: Place, reason: string, fix?: string): MinidockError {
  return new MinidockError('dockerfile', `${source.name}:${place.line}:${place.column}: ${reason}`, {
    fix,
    excerpt: excerptOf(source, place),
  });
}

/** How much of a line is shown, and how much of it before the mark. */
const widest = 100;
const before = 40;

/** The line of a place, with its number, and a mark below. Of a long line the part around the place. */
export function excerptOf({ lines }: Source, { line, column, length }: Place): string {
  const text = (lines[line - 1] ?? '').replace(/[\t\p{Cc}]/gu, ' ');
  const start = column > widest - before ? column - 1 - before : 0;
  const shown = text.slice(start, start + widest);
  const gutter = ' '.repeat(String(line).length);
  const at = column - 1 - start;
  const mark = '^'.repeat(Math.max(1, Math.min(length, shown.length - at)));
  return `  ${line} | ${shown}\n  ${gutter} | ${' '.repeat(at)}${mark}`;
}
