/** Splits a template into text and tokens: the lexical part of Go's text/template. */
export interface Token {
  readonly kind:
    | 'text'
    | 'open'
    | 'close'
    | 'keyword'
    | 'field'
    | 'dot'
    | 'variable'
    | 'nil'
    | 'boolean'
    | 'identifier'
    | 'string'
    | 'character'
    | 'number'
    | 'declare'
    | 'assign'
    | 'pipe'
    | 'comma'
    | 'left'
    | 'right'
    | 'other'
    | 'error'
    | 'end';
  /** As written; of text, after trimming; of an error, what is wrong. */
  readonly text: string;
  /** Offset in the template. */
  readonly at: number;
  /** White space stands before it: `$v.Name` is one operand, `$v .Name` two. */
  readonly spaced: boolean;
}

const keywords = new Set(['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'range', 'template', 'with']);

const symbols: Readonly<Record<string, Token['kind']>> = {
  ':=': 'declare',
  '=': 'assign',
  '|': 'pipe',
  ',': 'comma',
  '(': 'left',
  ')': 'right',
};

/** What is no letter beyond ASCII is found later: tables of Unicode would cost each use a millisecond. */
const patterns: readonly (readonly [Token['kind'], RegExp])[] = [
  ['variable', /\$[\w\u0080-\uffff]*/y],
  ['field', /\.(?!\d)[\w\u0080-\uffff]+/y],
  ['dot', /\.(?!\d|$)/y],
  // The parser judges whether it is a number; a letter after one makes it none at once.
  [
    'number',
    /(?:[+-]|(?=[.\d]))(?:0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?|0[bB][01_]*|0[oO][0-7_]*|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?)i?/y,
  ],
  ['string', /"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`/y],
  ['character', /'(?:[^'\\\n]|\\[^\n])*'/y],
  ['identifier', /[\w\u0080-\uffff]+/y],
  ['other', /:=|[!-~]/y],
];

const unterminated: Readonly<Record<string, string>> = {
  '"': 'unterminated quoted string',
  "'": 'unterminated character constant',
  '`': 'unterminated raw quoted string',
};

/** The last token is the end, or an error: whatever is wrong before it is said first. */
export function lex(source: string): Token[] {
  const tokens: Token[] = [];
  try {
    for (let at = 0, trims = false; at < source.length; ) {
      const open = source.indexOf('{{', at);
      const trimsBefore = open >= 0 && /^-\s/.test(source.slice(open + 2, open + 4));
      let text = source.slice(at, open < 0 ? source.length : open);
      if (trims) text = text.trimStart();
      if (trimsBefore) text = text.trimEnd();
      if (text !== '') tokens.push({ kind: 'text', text, at, spaced: false });
      if (open < 0) break;
      const inner = open + (trimsBefore ? 4 : 2);
      [at, trims] = source.startsWith('/*', inner) ? lexComment(source, inner) : lexAction(source, open, inner, tokens);
    }
    tokens.push({ kind: 'end', text: 'EOF', at: source.length, spaced: false });
  } catch (error) {
    if (!(error instanceof LexError)) throw error;
    tokens.push({ kind: 'error', text: error.message, at: error.at, spaced: false });
  }
  return tokens;
}

class LexError extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

/** Where the text after it begins, and whether that is trimmed. */
type After = [at: number, trims: boolean];

function lexComment(source: string, at: number): After {
  const end = source.indexOf('*/', at);
  if (end < 0) throw new LexError('unclosed comment', at);
  const close = closing(source, end + 2);
  if (close === undefined) throw new LexError('comment ends before closing delimiter', at);
  return [end + 2 + close.length, close.length > 2];
}

/** `}}`, or with the blank and the dash that trim what follows. */
const closing = (source: string, at: number): string | undefined => /^(?:\s-)?\}\}/.exec(source.slice(at, at + 4))?.[0];

function lexAction(source: string, open: number, from: number, tokens: Token[]): After {
  tokens.push({ kind: 'open', text: '{{', at: open, spaced: false });
  let depth = 0;
  for (let at = from; ; ) {
    const start = at;
    while (/\s/.test(source[at] ?? '') && closing(source, at) === undefined) at++;
    const spaced = at > start;
    const close = closing(source, at);
    if (close !== undefined) {
      if (depth > 0) throw new LexError('unclosed left paren', at);
      tokens.push({ kind: 'close', text: '}}', at, spaced });
      return [at + close.length, close.length > 2];
    }
    if (at >= source.length) throw new LexError('unclosed action', at);
    const token = lexToken(source, at, spaced);
    tokens.push(token);
    if (token.kind === 'left') depth++;
    if (token.kind === 'right' && --depth < 0) throw new LexError('unexpected right paren', at);
    at += token.text.length;
  }
}

function lexToken(source: string, at: number, spaced: boolean): Token {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text === undefined || text === '') continue;
    if (kind === 'number') checkNumber(source, at, text);
    if (kind === 'variable' || kind === 'field' || kind === 'identifier') checkName(source, at, text);
    if (kind === 'other') return lexSymbol(at, text, spaced);
    return { kind: kind === 'identifier' ? kindOfWord(text) : kind, text, at, spaced };
  }
  throw new LexError(`unrecognized character in action: ${unicode(source, at)}`, at);
}

function lexSymbol(at: number, text: string, spaced: boolean): Token {
  const wrong = text === ':' ? 'expected :=' : unterminated[text];
  if (wrong !== undefined) throw new LexError(wrong, at);
  return { kind: symbols[text] ?? 'other', text, at, spaced };
}

function kindOfWord(text: string): Token['kind'] {
  if (keywords.has(text)) return 'keyword';
  if (text === 'nil') return 'nil';
  return text === 'true' || text === 'false' ? 'boolean' : 'identifier';
}

function checkNumber(source: string, at: number, text: string): void {
  const after = /^(?:[\w\u0080-\uffff]|[+-][\d.]*)/.exec(source.slice(at + text.length))?.[0];
  if (after !== undefined) throw new LexError(`bad number syntax: ${JSON.stringify(text + after)}`, at);
}

/** Letters, digits and `_`, and after them what may stand right after a name. */
function checkName(source: string, at: number, name: string): void {
  const end = at + name.length;
  if (!/^[!-~]*$/.test(name)) {
    const start = at + (/^[.$]/.test(name) ? 1 : 0);
    const wrong = source.slice(start, end).search(/[^\p{L}\p{Nd}_]/u);
    if (wrong === 0 && start === at) throw new LexError(`unrecognized character in action: ${unicode(source, at)}`, at);
    if (wrong >= 0) throw new LexError(`bad character ${unicode(source, start + wrong)}`, at);
  }
  if (end < source.length && !/^(?:[\s.,|:()]|\}\})/.test(source.slice(end)))
    throw new LexError(`bad character ${unicode(source, end)}`, end);
}

function unicode(source: string, at: number): string {
  const code = source.codePointAt(at)!;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(code)}'`;
}
