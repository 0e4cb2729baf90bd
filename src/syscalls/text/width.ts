import { widthOf } from './columns.ts';

/** A run of text in one style. */
export interface Span {
  readonly text: string;
  readonly paint?: (text: string) => string;
  /** Code: breaks at spaces and after `|`, else only where a line cannot hold it. */
  readonly solid?: boolean;
}

type Piece<S extends Span> = S & { readonly width: number; readonly space: boolean };
type Measure<S extends Span> = (span: S) => number;

const wide = /[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]/;
/** Punctuation that must not begin a line, and that must not end one (Chinese typesetting's 禁则). */
const notFirst = /^[，。、；：？！）》」』”’…,.;:?!)\]}]/;
const notLast = /[（《「『“‘([{]$/;

/**
 * Wraps styled text to `width` columns. Latin words stay whole, Chinese breaks between characters but never before a closing
 * or after an opening mark; what is longer than a line is cut.
 */
export function wrap(spans: readonly Span[], width: number): string[] {
  return wrapSpans(spans, width).map(line =>
    line.map(piece => (piece.paint ? piece.paint(piece.text) : piece.text)).join(''),
  );
}

/** As `wrap`, with the pieces of each line, and for other units than columns. */
export function wrapSpans<S extends Span>(
  spans: readonly S[],
  width: number,
  measure: Measure<S> = ({ text }) => widthOf(text),
): S[][] {
  const lines: Piece<S>[][] = [];
  let line: Piece<S>[] = [];
  let used = 0;
  const flush = () => {
    while (line.at(-1)?.space) line.pop();
    lines.push(line);
    line = [];
    used = 0;
  };
  for (const chunk of chunks(spans, measure)) {
    const chunkWidth = sum(chunk);
    if (chunk[0]!.text === '\n') {
      flush();
      continue;
    }
    if (chunk[0]!.space && line.length === 0) continue;
    if (used + chunkWidth > width && line.length > 0) {
      flush();
      if (chunk[0]!.space) continue;
    }
    for (const piece of chunkWidth > width ? chunk.flatMap(part => letters(part, measure)) : chunk) {
      if (used + piece.width > width && line.length > 0) flush();
      line.push(piece);
      used += piece.width;
    }
  }
  if (line.length > 0 || lines.length === 0) flush();
  return lines;
}

/** The widest part that no line break can divide. */
export function widestChunk<S extends Span>(spans: readonly S[], measure: Measure<S>): number {
  return Math.max(0, ...chunks(spans, measure).map(sum));
}

function sum(chunk: readonly { readonly width: number }[]): number {
  return chunk.reduce((total, piece) => total + piece.width, 0);
}

/** Cuts a line of code into parts of at most `width` columns; blanks stay where they are. */
function cutText(text: string, width: number): string[] {
  const parts = [''];
  for (const char of text) {
    if (widthOf(parts.at(-1)! + char) > width) parts.push('');
    parts[parts.length - 1] += char;
  }
  return parts;
}

/** A line of code in lines of at most `width` columns: it breaks before a word, and what goes on stands four columns further in. */
export function wrapCode(text: string, width: number): string[] {
  const [indent] = /^ */.exec(text) as RegExpExecArray;
  const lines: string[] = [];
  let line = indent;
  for (const [, word = '', blanks = ''] of text.slice(indent.length).matchAll(/([^ ]+)( *)/g)) {
    if (line.trim() !== '' && widthOf(line + word) > width) {
      lines.push(line.trimEnd());
      line = `${indent}    `;
    }
    const parts = cutText(line + word, width);
    lines.push(...parts.slice(0, -1));
    line = parts.at(-1)! + blanks;
  }
  return [...lines, line.trimEnd()];
}

/** Wraps plain text. */
export function wrapText(text: string, width: number): string[] {
  return wrap([{ text }], width);
}

function letters<S extends Span>(piece: Piece<S>, measure: Measure<S>): Piece<S>[] {
  return [...piece.text].map(text => ({ ...piece, text, width: measure({ ...piece, text }) }));
}

/** Runs of pieces between which a line may break: words, single wide characters with the marks that cling to them, spaces. */
function chunks<S extends Span>(spans: readonly S[], measure: Measure<S>): Piece<S>[][] {
  const out: Piece<S>[][] = [];
  for (const span of spans) {
    for (const text of split(span)) {
      const width = text === '\n' ? 0 : measure({ ...span, text });
      const piece: Piece<S> = { ...span, text, width, space: /^ +$/.test(text) };
      const last = out.at(-1)?.at(-1);
      if (last && clings(last, piece)) out.at(-1)!.push(piece);
      else out.push([piece]);
    }
  }
  return out;
}

function split(span: Span): string[] {
  return span.solid
    ? (span.text.match(/ +|[^ |]+\|*|\|+/g) ?? [])
    : (span.text.match(
        /\n| +|[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|[^\n \u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+/g,
      ) ?? []);
}

function clings(last: Piece<Span>, next: Piece<Span>): boolean {
  if (last.space || next.space || last.text === '\n' || next.text === '\n') return false;
  if (last.solid && next.solid && last.text.endsWith('|')) return false;
  if (notFirst.test(next.text) || notLast.test(last.text)) return true;
  return !wide.test(last.text.at(-1)!) && !wide.test(next.text[0]!);
}
