import { syntaxError } from './errors.ts';

/** Splits a template into text and tokens: the lexical part of Go's text/template, as far as `--format` needs it. */
export interface Token {
  readonly kind:
    | 'text'
    | 'open'
    | 'close'
    | 'field'
    | 'dot'
    | 'variable'
    | 'word'
    | 'string'
    | 'number'
    | 'symbol'
    | 'end';
  /** As written; of text, after trimming; of a string, its value. */
  readonly text: string;
  /** Offset in the template. */
  readonly at: number;
  readonly end: number;
  /** White space stands before it: `$v.Name` is one operand, `$v .Name` two. */
  readonly spaced: boolean;
}

const patterns: readonly (readonly [Token['kind'], RegExp])[] = [
  ['field', /\.[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['number', /[+-]?\d[\d_]*(\.\d+)?([eE][+-]?\d+)?/y],
  ['dot', /\./y],
  ['variable', /\$[\p{L}\p{Nd}_]*/uy],
  ['word', /[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['string', /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ['symbol', /:=|[=|(),]/y],
];

/** @throws {MinidockError} `template` */
export function lex(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  for (;;) {
    const open = source.indexOf('{{', at);
    const stop = open < 0 ? source.length : open;
    const trimsBefore = open >= 0 && /^-\s/.test(source.slice(open + 2, open + 4));
    let text = source.slice(at, stop);
    if (trimNext) text = text.trimStart();
    if (trimsBefore) text = text.trimEnd();
    if (text !== '') tokens.push({ kind: 'text', text, at, end: stop, spaced: false });
    if (open < 0) break;
    at = open + (trimsBefore ? 3 : 2);
    const comment = /\s*\/\*[\s\S]*?\*\/(\s+-)?\}\}/y;
    comment.lastIndex = at;
    const found = comment.exec(source);
    if (found !== null) {
      at = comment.lastIndex;
      trimNext = found[1] !== undefined;
      continue;
    }
    [at, trimNext] = lexAction(source, open, at, tokens);
  }
  tokens.push({ kind: 'end', text: '', at: source.length, end: source.length, spaced: false });
  return tokens;
}

/** Returns where the action ends and whether it trims the text after it. */
function lexAction(source: string, open: number, from: number, tokens: Token[]): [number, boolean] {
  tokens.push({ kind: 'open', text: '{{', at: open, end: from, spaced: false });
  let at = from;
  for (;;) {
    const start = at;
    while (/\s/.test(source[at] ?? '')) at++;
    const spaced = at > start;
    const close = /^(?:-\}\}|\}\})/.exec(source.slice(at, at + 3))?.[0];
    if (close === '}}' || (close === '-}}' && spaced)) {
      tokens.push({ kind: 'close', text: close, at, end: at + close.length, spaced });
      return [at + close.length, close === '-}}'];
    }
    if (at >= source.length) throw syntaxError(source, open, 'unclosed action');
    const token = match(source, at, spaced);
    tokens.push(token);
    at = token.end;
  }
}

function match(source: string, at: number, spaced: boolean): Token {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text === undefined) continue;
    const value = kind === 'string' ? unquote(source, at, text) : text;
    return { kind, text: value, at, end: at + text.length, spaced };
  }
  if (source[at] === '"') throw syntaxError(source, at, 'unterminated quoted string');
  if (source[at] === '`') throw syntaxError(source, at, 'unterminated raw quoted string');
  const character = String.fromCodePoint(source.codePointAt(at)!);
  throw syntaxError(source, at, `unexpected ${JSON.stringify(character)} in command`);
}

function unquote(source: string, at: number, text: string): string {
  if (text.startsWith('`')) return text.slice(1, -1);
  try {
    return JSON.parse(text);
  } catch {
    throw syntaxError(source, at, `invalid string ${text}`);
  }
}
