import { boolean, text } from '../../../api/go/values.ts';
import { unquote } from '../go/quote.ts';
import type { Cursor } from './cursor.ts';
import type { Token } from './lex.ts';
import type { Command, Operand, Pipe } from './nodes.ts';
import { readCharacter, readNumber } from './number.ts';

/** What is known while a template is read. */
export interface Scope {
  readonly isFunction: (name: string) => boolean;
  /** Names of the variables that are visible, a stack. */
  readonly variables: string[];
}

const starts: ReadonlySet<Token['kind']> = new Set<Token['kind']>([
  'boolean',
  'character',
  'dot',
  'field',
  'identifier',
  'left',
  'nil',
  'number',
  'string',
  'variable',
]);

/** `$x := a | b`, with the token that ends it. */
export function parsePipe(cursor: Cursor, scope: Scope, context: string, end: 'close' | 'right' = 'close'): Pipe {
  const { at } = cursor.peek();
  const { declares, assigns } = parseDeclarations(cursor, scope, context);
  const commands: Command[] = [];
  while (!cursor.accept(end)) {
    if (!starts.has(cursor.peek().kind)) throw cursor.unexpected(cursor.peek(), context);
    commands.push(parseCommand(cursor, scope));
  }
  if (commands.length === 0) throw cursor.error(cursor.peek().at, `missing value for ${context}`);
  const constant = commands.findIndex(({ operands: [{ kind }] }, index) => index > 0 && isConstant(kind));
  if (constant > 0) throw cursor.error(cursor.peek().at, `non executable command in pipeline stage ${constant + 1}`);
  const declared = declares.length === 0 ? '' : `${declares.join(', ')} ${assigns ? '=' : ':='} `;
  return { at, declares, assigns, commands, text: declared + commands.map(command => command.text).join(' | ') };
}

const isConstant = (kind: Operand['kind']): boolean => ['boolean', 'dot', 'nil', 'number', 'string'].includes(kind);

function parseDeclarations(cursor: Cursor, scope: Scope, context: string): { declares: string[]; assigns: boolean } {
  const declares: string[] = [];
  while (cursor.peek().kind === 'variable') {
    const { kind: after } = cursor.peek(1);
    if (after !== 'assign' && after !== 'declare' && after !== 'comma') break;
    const { text } = cursor.take();
    const { at } = cursor.take();
    declares.push(text);
    scope.variables.push(text);
    if (after !== 'comma') return { declares, assigns: after === 'assign' };
    if (context !== 'range' || declares.length > 1) throw cursor.error(at, `too many declarations in ${context}`);
    const { kind } = cursor.peek();
    if (kind !== 'variable' && kind !== 'close' && kind !== 'right')
      throw cursor.error(at, 'range can only initialize variables');
  }
  return { declares, assigns: false };
}

/** Up to a `|`, which is taken, or to what ends the pipe. */
function parseCommand(cursor: Cursor, scope: Scope): Command {
  const { at } = cursor.peek();
  const operands: Operand[] = [];
  for (;;) {
    operands.push(parseOperand(cursor, scope));
    const { kind, spaced } = cursor.peek();
    if (kind === 'close' || kind === 'right' || cursor.accept('pipe')) break;
    if (!spaced || !starts.has(kind)) throw cursor.unexpected(cursor.peek(), 'operand');
  }
  const [first, ...rest] = operands;
  return { at, operands: [first!, ...rest], text: operands.map(inParentheses).join(' ') };
}

const inParentheses = ({ kind, text }: Operand): string => (kind === 'pipe' ? `(${text})` : text);

function parseOperand(cursor: Cursor, scope: Scope): Operand {
  const term = parseTerm(cursor, scope);
  const { at } = cursor.peek();
  const names: string[] = [];
  while (cursor.peek().kind === 'field' && !cursor.peek().spaced) names.push(cursor.take().text.slice(1));
  if (names.length === 0) return term;
  const text = `${inParentheses(term)}.${names.join('.')}`;
  // Go names the place of a chain's second field.
  if (term.kind === 'field' || term.kind === 'variable') return { ...term, at, text, names: [...term.names, ...names] };
  if (term.kind === 'pipe' || term.kind === 'function') return { kind: 'chain', at, text, of: term, names };
  throw cursor.error(at, `unexpected . after term ${JSON.stringify(term.text)}`);
}

function parseTerm(cursor: Cursor, scope: Scope): Operand {
  const { kind, text: written, at } = cursor.take();
  const common = { at, text: written };
  switch (kind) {
    case 'dot':
    case 'nil':
      return { kind, ...common };
    case 'boolean':
      return { kind, ...common, value: boolean(written === 'true') };
    case 'string': {
      const content = unquote(written);
      if (content === undefined) throw cursor.error(at, 'invalid syntax');
      return { kind, ...common, value: text(content) };
    }
    case 'number':
    case 'character':
      try {
        return { kind: 'number', ...common, number: kind === 'number' ? readNumber(written) : readCharacter(written) };
      } catch (error) {
        throw cursor.error(at, (error as Error).message);
      }
    case 'field':
      return { kind, ...common, names: [written.slice(1)] };
    case 'variable':
      if (!scope.variables.includes(written)) throw cursor.error(at, `undefined variable ${JSON.stringify(written)}`);
      return { kind, ...common, name: written, names: [] };
    case 'left': {
      const pipe = parsePipe(cursor, scope, 'parenthesized pipeline', 'right');
      return { kind: 'pipe', at: pipe.at, text: pipe.text, pipe };
    }
    default:
      if (!scope.isFunction(written)) throw cursor.error(at, `function ${JSON.stringify(written)} not defined`);
      return { kind: 'function', ...common, name: written };
  }
}
