import { position, TemplateError } from '../errors.ts';
import { quote } from '../go/quote.ts';
import { lex, type Token } from './lex.ts';

/** The tokens of a template, one by one, and what is wrong with them in Go's words. */
export class Cursor {
  readonly #tokens: readonly Token[];
  #next = 0;
  /** Where the action began that is being read. */
  actionAt: number | undefined;

  constructor(
    readonly source: string,
    readonly name: string,
  ) {
    this.#tokens = lex(source);
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)]!;
  }

  take(): Token {
    const token = this.peek();
    this.#next++;
    return token;
  }

  /** Whether the next token is of this kind, which is then taken. */
  accept(kind: Token['kind'], text?: string): boolean {
    const token = this.peek();
    if (token.kind !== kind || (text !== undefined && token.text !== text)) return false;
    this.#next++;
    return true;
  }

  expectClose(context: string): void {
    const token = this.take();
    if (token.kind !== 'close') throw this.unexpected(token, context);
  }

  unexpected(token: Token, context: string): TemplateError {
    if (token.kind !== 'error') return this.error(token.at, `unexpected ${called(token)} in ${context}`);
    return this.error(token.at, token.text + this.#startOfAction(token));
  }

  #startOfAction(token: Token): string {
    if (this.actionAt === undefined) return '';
    const { line } = position(this.source, this.actionAt);
    if (line === position(this.source, token.at).line) return '';
    return `${token.text.endsWith(' action') ? '' : ' in action'} started at ${this.name}:${line}`;
  }

  error(at: number, reason: string): TemplateError {
    return new TemplateError('parse', `template: ${this.name}:${position(this.source, at).line}: ${reason}`);
  }
}

function called({ kind, text }: Token): string {
  if (kind === 'end') return 'EOF';
  if (kind === 'keyword' || kind === 'dot' || kind === 'nil') return `<${text}>`;
  return [...text].length > 10 ? `${quote([...text].slice(0, 10).join(''))}...` : quote(text);
}
