import { type CheckSettings, readCheckSettings } from './check/settings.ts';
import { type Heredoc, heredocsIn, nearEnd, readHeredoc } from './heredoc.ts';
import { mistake, type Place, type Source } from './source.ts';

export type Escape = '\\' | '`';

/** An instruction as it is written, its lines joined. */
export interface Statement {
  /** As written: `RUN`, `run`. */
  readonly keyword: string;
  /** What follows the keyword, without blanks around it. */
  readonly text: string;
  readonly heredocs: readonly Heredoc[];
  /** Where it is written: a Dockerfile, a trigger of an image, a flag. */
  readonly source: Source;
  /** First and last line. */
  readonly line: number;
  readonly endLine: number;
  /** The comment in the line above, without its `#`. */
  readonly comment?: string;
  /** The place of a part of `text`; of the keyword where nothing is told. */
  place(part?: { readonly offset: number; readonly length: number }): Place;
}

/** `# name=value` at the very beginning. */
export interface Directives {
  readonly escape: Escape;
  readonly syntax?: string;
  readonly check?: CheckSettings;
}

export interface Statements {
  readonly directives: Directives;
  readonly statements: readonly Statement[];
  /** Lines that are empty in the middle of an instruction. */
  readonly emptyContinuations: readonly number[];
}

/** Joins the lines of each instruction and reads here-documents and directives. Throws `dockerfile`. */
export function readStatements(source: Source): Statements {
  const directives = readDirectives(source);
  const statements: Statement[] = [];
  const emptyContinuations: number[] = [];
  for (let at = 0; at < source.lines.length; ) {
    if (isBlank(source.lines[at]!) || isComment(source.lines[at]!)) {
      at++;
      continue;
    }
    const { joined, end, empty } = join(source, at, directives.escape);
    emptyContinuations.push(...empty);
    const { statement, next } = statementOf(source, joined, { first: at, after: end }, directives.escape);
    statements.push(statement);
    at = next;
  }
  return { directives, statements, emptyContinuations };
}

/** Text of one line of the file, in the joined text of an instruction. */
interface Piece {
  /** Where it begins in the joined text. */
  readonly offset: number;
  readonly line: number;
  readonly text: string;
}

/** An instruction goes on where its line ends with the escape character; comments and empty lines between are no end. */
function join(source: Source, first: number, escapeChar: Escape) {
  const pieces: Piece[] = [];
  const empty: number[] = [];
  let offset = 0;
  let at = first;
  for (let goesOn = true; goesOn && at < source.lines.length; at++) {
    const line = source.lines[at]!;
    if (at > first && isComment(line)) continue;
    if (at > first && isBlank(line)) {
      empty.push(at + 1);
      continue;
    }
    const text = withoutContinuation(line, escapeChar);
    goesOn = text !== undefined;
    pieces.push({ offset, line: at + 1, text: text ?? line });
    offset += (text ?? line).length;
  }
  return { joined: pieces, end: at, empty };
}

/** The line without the escape character at its end; undefined where there is none, or an escaped one. */
function withoutContinuation(line: string, escapeChar: Escape): string | undefined {
  const trimmed = line.replace(/[ \t]+$/, '');
  if (!trimmed.endsWith(escapeChar) || trimmed.at(-2) === escapeChar) return undefined;
  return trimmed.slice(0, -1);
}

function statementOf(
  source: Source,
  pieces: readonly Piece[],
  { first, after }: { first: number; after: number },
  escapeChar: Escape,
): { statement: Statement; next: number } {
  const all = pieces.map(({ text }) => text).join('');
  const [, lead = '', keyword = '', gap = '', rest = ''] = /^(\s*)(\S+)(\s*)([\s\S]*)$/.exec(all) ?? [];
  const start = lead.length + keyword.length + gap.length;
  const text = rest.trimEnd();
  const placeIn = (offset: number, length: number): Place => {
    const piece = pieces.findLast(one => one.offset <= offset) ?? pieces[0]!;
    const column = offset - piece.offset;
    return { line: piece.line, column: column + 1, length: Math.max(1, Math.min(length, piece.text.length - column)) };
  };
  const place: Statement['place'] = part =>
    part === undefined ? placeIn(lead.length, keyword.length) : placeIn(start + part.offset, part.length);
  const heredocs: Heredoc[] = [];
  let next = after;
  if (takesHeredocs.test(`${keyword} ${text}`))
    for (const opening of heredocsIn(text, escapeChar)) {
      const read = readHeredoc(source.lines, next, opening);
      if (read === undefined)
        throw mistake(
          source,
          place(opening),
          `unterminated here-document: no line ${JSON.stringify(opening.name)} follows`,
          nearEnd(source.lines, next, opening),
        );
      heredocs.push(read.heredoc);
      next = read.next;
    }
  const above = source.lines[first - 1];
  const comment = above !== undefined && isComment(above) ? above.replace(/^\s*#\s*/, '').trimEnd() : undefined;
  const lines = { line: first + 1, endLine: next, ...(comment !== undefined && { comment }) };
  return { statement: { keyword, text, heredocs, source, place, ...lines }, next };
}

const takesHeredocs = /^(ONBUILD\s+)?(RUN|COPY|ADD)\s/i;

/** They stand before all else: the first line that is none, even an empty one, ends them. */
function readDirectives(source: Source): Directives {
  const found = new Map<string, string>();
  let check: CheckSettings | undefined;
  for (const [index, line] of source.lines.entries()) {
    const [, name, value = ''] = /^\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/.exec(line) ?? [];
    const key = name?.toLowerCase();
    if (key === undefined || !['escape', 'syntax', 'check'].includes(key)) break;
    const place = { line: index + 1, column: 1, length: line.length };
    if (found.has(key)) throw mistake(source, place, `only one ${key} parser directive can be used`);
    if (key === 'escape' && value !== '\\' && value !== '`')
      throw mistake(source, place, `invalid escape character ${JSON.stringify(value)}: \\ or \``);
    found.set(key, value);
    if (key === 'check')
      try {
        check = readCheckSettings(value);
      } catch (error) {
        throw mistake(source, place, (error as Error).message);
      }
  }
  return {
    escape: (found.get('escape') ?? '\\') as Escape,
    ...(found.has('syntax') && { syntax: found.get('syntax')! }),
    ...(check && { check }),
  };
}

const isBlank = (line: string): boolean => line.trim() === '';
const isComment = (line: string): boolean => line.trimStart().startsWith('#');
