import { MinidockError } from '../errors.ts';
import { cutTo, widthOf } from '../syscalls/text/columns.ts';

/** A Dockerfile, and what errors call it. */
export interface Source {
  readonly name: string;
  readonly lines: readonly string[];
}

/** Where something stands: line and column count from 1, column and length in units of UTF-16. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** Docker's reader takes no longer line either. */
const longestLine = 65535;

/** Reads a Dockerfile: UTF-8, with or without a byte order mark, lines ended by LF or CRLF. Throws `dockerfile`. */
export function readSource(name: string, content: Uint8Array): Source {
  if (isUtf16(content))
    throw new MinidockError('dockerfile', `${name}: it is in UTF-16, and a Dockerfile is in UTF-8`, {
      fix: 'save it as UTF-8; in PowerShell: Set-Content -Encoding utf8',
    });
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

/** By its byte order mark, which editors and shells of Windows write. */
const isUtf16 = ([first, second]: Uint8Array): boolean =>
  (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);

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

/** Columns of a line that are shown: with its number they fit a terminal of 80. So many of them stand before the mark. */
const widest = 72;
const before = 30;

/** The line of a place, with its number, and a mark below. Of a long line the part around the place. */
export function excerptOf({ lines }: Source, { line, column, length }: Place): string {
  const text = lines[line - 1] ?? '';
  const part = (from: number, to?: number) => legible(text.slice(from, to));
  const lead = shortLead(part(0, column - 1));
  const meant = part(column - 1, column - 1 + length);
  const shown = cutTo(lead + meant + part(column - 1 + length), widest);
  const gutter = ' '.repeat(String(line).length);
  const marked = Math.min(widthOf(meant), widthOf(shown.replace(/…$/, '')) - widthOf(lead));
  const mark = ' '.repeat(widthOf(lead)) + '^'.repeat(Math.max(1, marked));
  return `  ${line} | ${shown}\n  ${gutter} | ${mark}`;
}

/** Most lines of an instruction that are shown. */
const mostLines = 12;

/** Lines of an instruction with their numbers, from `first` to `last`; of many the first. */
export function excerptOfLines({ lines }: Source, first: number, last: number): string {
  const all = lines.slice(first - 1, last);
  const numbered = all.map((text, index) => [String(first + index), cutTo(legible(text), widest)]);
  const shown = all.length > mostLines ? [...numbered.slice(0, mostLines - 1), ['', '…']] : numbered;
  const width = String(last).length;
  return shown.map(([number = '', text]) => `  ${number.padStart(width)} | ${text}`.trimEnd()).join('\n');
}

/** What a terminal would not show, or would obey, and blanks that are none for a shell, are shown as a sign; a tab is one blank. */
const legible = (text: string): string =>
  text.replace(/\t/g, ' ').replace(/(?![ \u3000\u200d])[\p{Cc}\p{Cf}\p{Zs}]/gu, '\ufffd');

/** What stands before the mark: all of it where the mark is then well inside of what is shown, or its end. */
function shortLead(lead: string): string {
  if (widthOf(lead) <= widest - before) return lead;
  const kept: string[] = [];
  let width = 1;
  for (const char of [...lead].reverse()) {
    width += widthOf(char);
    if (width > before) break;
    kept.unshift(char);
  }
  return `…${kept.join('')}`;
}
