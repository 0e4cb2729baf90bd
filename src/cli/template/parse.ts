import { syntaxError } from './errors.ts';
import { lex, type Token } from './lex.ts';

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipe: Pipe }
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly pipe: Pipe;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    };

/** `$x := a | b`: commands whose result is the last argument of the next. */
export interface Pipe {
  readonly declares: readonly string[];
  /** `=` in place of `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

export interface Command {
  readonly operands: readonly Operand[];
  readonly at: number;
  readonly text: string;
}

/** `fields` are what follows: `$v.Name`, `(index .Ports 0).HostPort`, `.State.Pid` (a dot with two fields). */
export type Operand = { readonly at: number; readonly text: string; readonly fields: readonly string[] } & (
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'nil' }
  | { readonly kind: 'dot' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipe'; readonly pipe: Pipe }
);

/**
 * @param isFunction which names are functions
 * @throws {MinidockError} `template`, exit code 64
 */
export function parseTemplate(source: string, isFunction: (name: string) => boolean): readonly Node[] {
  const parser = new Parser(source, isFunction);
  const { nodes, ended } = parser.nodes(0);
  if (ended.text !== '') throw syntaxError(source, ended.at, `unexpected {{${ended.text}}}`);
  return nodes;
}

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  readonly #isFunction: (name: string) => boolean;
  readonly #variables = ['$'];
  #next = 0;

  constructor(source: string, isFunction: (name: string) => boolean) {
    this.#source = source;
    this.#tokens = lex(source);
    this.#isFunction = isFunction;
  }

  /** Up to `{{end}}`, `{{else}}` or the end of the template, whichever `ended` says. */
  nodes(depth: number): { nodes: Node[]; ended: { text: string; at: number } } {
    const nodes: Node[] = [];
    for (;;) {
      const token = this.#take();
      if (token.kind === 'text') nodes.push({ kind: 'text', text: token.text });
      else if (token.kind === 'end') {
        if (depth > 0) throw this.#error(token, 'unexpected EOF');
        return { nodes, ended: { text: '', at: token.at } };
      } else {
        const word = this.#peek();
        if (word.kind === 'word' && (word.text === 'end' || word.text === 'else')) {
          this.#take();
          return { nodes, ended: { text: word.text, at: word.at } };
        }
        nodes.push(this.#action(depth));
      }
    }
  }

  #action(depth: number): Node {
    const word = this.#peek();
    if (word.kind === 'word' && (word.text === 'if' || word.text === 'with' || word.text === 'range')) {
      this.#take();
      return this.#control(word.text, depth);
    }
    const pipe = this.#pipe('command');
    this.#expectClose('command');
    return { kind: 'action', pipe };
  }

  #control(kind: 'if' | 'with' | 'range', depth: number): Node {
    const visible = this.#variables.length;
    const pipe = this.#pipe(kind);
    this.#expectClose(kind);
    const { nodes: body, ended } = this.nodes(depth + 1);
    let otherwise: readonly Node[] = [];
    if (ended.text === 'else') {
      const next = this.#peek();
      if (next.kind === 'word' && next.text === kind && kind !== 'range') {
        this.#take();
        // `{{else if}}` is an if inside else that shares the one {{end}}.
        otherwise = [this.#control(kind, depth)];
        this.#variables.length = visible;
        return { kind, pipe, body, otherwise };
      }
      this.#expectClose('else');
      const rest = this.nodes(depth + 1);
      if (rest.ended.text !== 'end') throw syntaxError(this.#source, rest.ended.at, 'expected end; found {{else}}');
      otherwise = rest.nodes;
    }
    this.#expectClose('end');
    this.#variables.length = visible;
    return { kind, pipe, body, otherwise };
  }

  #pipe(context: string): Pipe {
    const { declares, assigns } = this.#declarations(context);
    const commands: Command[] = [];
    for (;;) {
      commands.push(this.#command(context));
      if (this.#peek().text !== '|' || this.#peek().kind !== 'symbol') break;
      this.#take();
    }
    if (!assigns) this.#variables.push(...declares);
    return { declares, assigns, commands };
  }

  #declarations(context: string): { declares: string[]; assigns: boolean } {
    const start = this.#next;
    const declares: string[] = [];
    while (this.#peek().kind === 'variable') {
      declares.push(this.#take().text);
      const symbol = this.#peek();
      if (symbol.kind === 'symbol' && (symbol.text === ':=' || symbol.text === '=')) {
        this.#take();
        return { declares, assigns: symbol.text === '=' };
      }
      if (!(symbol.kind === 'symbol' && symbol.text === ',' && context === 'range' && declares.length === 1)) break;
      this.#take();
    }
    this.#next = start;
    return { declares: [], assigns: false };
  }

  #command(context: string): Command {
    const first = this.#peek();
    const operands: Operand[] = [];
    while (this.#startsOperand()) operands.push(this.#operand());
    const next = this.#peek();
    if (next.kind === 'end' || next.kind === 'open' || next.kind === 'text') throw this.#error(next, 'unclosed action');
    if (operands.length === 0) {
      throw this.#error(
        first,
        next.kind === 'close' ? `missing value for ${context}` : `unexpected "${next.text}" in ${context}`,
      );
    }
    return { operands, at: first.at, text: this.#textFrom(first.at) };
  }

  #startsOperand(): boolean {
    const { kind, text } = this.#peek();
    return (
      ['field', 'dot', 'variable', 'word', 'string', 'number'].includes(kind) || (kind === 'symbol' && text === '(')
    );
  }

  #operand(): Operand {
    const token = this.#take();
    const base = this.#base(token);
    const fields = token.kind === 'field' ? [token.text.slice(1)] : [];
    let at = token.at;
    while (this.#peek().kind === 'field' && !this.#peek().spaced) {
      const field = this.#take();
      // Go names the position of a chain's second field.
      if (token.kind === 'field' && fields.length === 1) at = field.at;
      fields.push(field.text.slice(1));
    }
    return { ...base, at, text: this.#textFrom(token.at), fields } as Operand;
  }

  #base(token: Token) {
    const { kind, text } = token;
    if (kind === 'field' || kind === 'dot') return { kind: 'dot' };
    if (kind === 'string') return { kind: 'literal', value: text };
    if (kind === 'number') return { kind: 'literal', value: Number(text.replaceAll('_', '')) };
    if (kind === 'variable') {
      if (!this.#variables.includes(text)) throw this.#error(token, `undefined variable "${text}"`);
      return { kind: 'variable', name: text };
    }
    if (kind === 'symbol') {
      const pipe = this.#pipe('parenthesized pipeline');
      const close = this.#take();
      if (close.text !== ')') throw this.#error(close, 'unclosed left paren');
      return { kind: 'pipe', pipe };
    }
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' };
    if (text === 'nil') return { kind: 'nil' };
    if (!this.#isFunction(text)) throw this.#error(token, `function "${text}" not defined`);
    return { kind: 'function', name: text };
  }

  #expectClose(context: string): void {
    const token = this.#take();
    if (token.kind !== 'close') throw this.#error(token, `unexpected "${token.text}" in ${context}`);
  }

  /** The source from `start` to the end of the token taken last. */
  #textFrom(start: number): string {
    return this.#source.slice(start, this.#tokens[this.#next - 1]!.end);
  }

  #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  #take(): Token {
    return this.#tokens[Math.min(this.#next++, this.#tokens.length - 1)]!;
  }

  #error(token: Token, reason: string) {
    return syntaxError(this.#source, token.at, reason);
  }
}
