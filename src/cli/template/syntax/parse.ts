import { unquote } from '../go/quote.ts';
import { Cursor } from './cursor.ts';
import type { Token } from './lex.ts';
import type { Branch, Node, Pipe, Templates } from './nodes.ts';
import { parsePipe, type Scope } from './pipeline.ts';

/** What ends a list of nodes. */
type End = { readonly text: '{{end}}' | '{{else}}' | 'EOF'; readonly at: number };

/**
 * Reads a template, and those that it defines.
 *
 * @param isFunction which names are functions
 * @throws {TemplateError} of stage `parse`
 */
export function parseTemplate(source: string, name: string, isFunction: (name: string) => boolean): Templates {
  const parser = new Parser(new Cursor(source, name), isFunction);
  parser.templates.set(name, parser.whole());
  return parser.templates;
}

class Parser {
  readonly templates = new Map<string, readonly Node[]>();
  readonly #cursor: Cursor;
  readonly #isFunction: Scope['isFunction'];
  #variables = ['$'];
  #loops = 0;

  constructor(cursor: Cursor, isFunction: Scope['isFunction']) {
    this.#cursor = cursor;
    this.#isFunction = isFunction;
  }

  whole(): readonly Node[] {
    const { nodes, end } = this.#list(true);
    if (end.text !== 'EOF') throw this.#cursor.error(end.at, `unexpected ${end.text}`);
    return nodes;
  }

  /** Up to the action that ends the list. @param top where templates may be defined */
  #list(top = false): { nodes: Node[]; end: End } {
    const nodes: Node[] = [];
    for (;;) {
      const token = this.#cursor.take();
      if (token.kind === 'text') nodes.push({ kind: 'text', text: token.text });
      else if (token.kind === 'end') return { nodes, end: { text: 'EOF', at: token.at } };
      else if (token.kind !== 'open') throw this.#cursor.unexpected(token, 'input');
      else {
        this.#cursor.actionAt = token.at;
        const node = this.#action(top);
        this.#cursor.actionAt = undefined;
        if (node !== undefined && 'end' in node) return { nodes, end: node.end };
        if (node !== undefined) nodes.push(node);
      }
    }
  }

  #action(top: boolean): Node | { end: End } | undefined {
    const { kind, text, at } = this.#cursor.peek();
    if (kind !== 'keyword' || (text === 'define' && !top)) return { kind: 'action', pipe: this.#pipe('command') };
    this.#cursor.take();
    switch (text) {
      case 'if':
      case 'with':
      case 'range':
        return this.#branch(text, at);
      case 'end':
        this.#cursor.expectClose('end');
        return { end: { text: '{{end}}', at } };
      case 'else': {
        const { kind, text } = this.#cursor.peek();
        if (kind !== 'keyword' || (text !== 'if' && text !== 'with')) this.#cursor.expectClose('else');
        return { end: { text: '{{else}}', at } };
      }
      case 'break':
      case 'continue':
        this.#cursor.expectClose(`{{${text}}}`);
        if (this.#loops === 0) throw this.#cursor.error(at, `{{${text}}} outside {{range}}`);
        return { kind: text };
      case 'template':
        return this.#call(at);
      case 'block':
        return this.#block(at);
      default:
        this.#define(at);
        return undefined;
    }
  }

  #branch(kind: Branch['kind'], at: number): Branch {
    const visible = this.#variables.length;
    const pipe = this.#pipe(kind);
    this.#loops += kind === 'range' ? 1 : 0;
    const body = this.#list();
    this.#loops -= kind === 'range' ? 1 : 0;
    const otherwise = body.end.text === '{{else}}' ? this.#otherwise(kind) : [];
    if (body.end.text === 'EOF') throw this.#cursor.error(body.end.at, 'unexpected EOF');
    this.#variables.length = visible;
    return { kind, at, pipe, body: body.nodes, otherwise };
  }

  #otherwise(kind: Branch['kind']): readonly Node[] {
    const next = this.#cursor.peek();
    if (next.kind === 'keyword' && (next.text === 'if' || next.text === 'with')) {
      if (next.text !== kind) throw this.#cursor.unexpected(next, 'else');
      // `{{else if}}` is an `if` inside `else` that shares the one {{end}}.
      this.#cursor.take();
      return [this.#branch(kind, next.at)];
    }
    const { nodes, end } = this.#list();
    if (end.text === 'EOF') throw this.#cursor.error(end.at, 'unexpected EOF');
    if (end.text !== '{{end}}') throw this.#cursor.error(end.at, `expected end; found ${end.text}`);
    return nodes;
  }

  #call(at: number): Node {
    const [quoted, name] = this.#name('template clause');
    const pipe = this.#cursor.accept('close') ? undefined : this.#pipe('template clause');
    return this.#callOf(quoted, name, pipe, at);
  }

  /** Defines a template and executes it in the same place. */
  #block(at: number): Node {
    const [quoted, name] = this.#name('block clause');
    const pipe = this.#pipe('block clause');
    this.#body(name, 'block clause', at);
    return this.#callOf(quoted, name, pipe, at);
  }

  #callOf(quoted: Token, name: string, pipe: Pipe | undefined, at: number): Node {
    const text = `{{template ${quoted.text}${pipe === undefined ? '' : ` ${pipe.text}`}}}`;
    return { kind: 'template', at: quoted.at ?? at, text, name, pipe };
  }

  #define(at: number): void {
    const [, name] = this.#name('define clause');
    this.#cursor.expectClose('define clause');
    this.#body(name, 'define clause', at);
  }

  /** A template of its own, with variables of its own. */
  #body(name: string, context: string, at: number): void {
    const [variables, loops] = [this.#variables, this.#loops];
    [this.#variables, this.#loops] = [['$'], 0];
    const { nodes, end } = this.#list();
    if (end.text === 'EOF') throw this.#cursor.error(end.at, 'unexpected EOF');
    if (end.text !== '{{end}}') throw this.#cursor.error(end.at, `unexpected ${end.text} in ${context}`);
    [this.#variables, this.#loops] = [variables, loops];
    const isEmpty = (list: readonly Node[]) => list.every(node => node.kind === 'text' && node.text.trim() === '');
    const known = this.templates.get(name);
    if (known !== undefined && !isEmpty(known) && !isEmpty(nodes))
      throw this.#cursor.error(at, `template: multiple definition of template ${JSON.stringify(name)}`);
    if (known === undefined || isEmpty(known)) this.templates.set(name, nodes);
  }

  #name(context: string): [Token, string] {
    const token = this.#cursor.take();
    const name = token.kind === 'string' ? unquote(token.text) : undefined;
    if (token.kind !== 'string') throw this.#cursor.unexpected(token, context);
    if (name === undefined) throw this.#cursor.error(token.at, 'invalid syntax');
    return [token, name];
  }

  #pipe(context: string): Pipe {
    return parsePipe(this.#cursor, { isFunction: this.#isFunction, variables: this.#variables }, context);
  }
}
