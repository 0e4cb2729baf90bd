import { dataError } from './errors.ts';
import { functions } from './functions.ts';
import { isGoMap } from './go-values.ts';
import type { Command, Node, Operand, Pipe } from './parse.ts';
import { isTrue, show, sortedEntries, typeName } from './values.ts';

/** Where nothing is piped in: nil is a value of its own. */
const nothing = Symbol('nothing');

/**
 * Runs a parsed template over data that JSON could hold.
 *
 * @throws {MinidockError} `template`: a field that is missing, an index out of range
 */
export function evaluate(source: string, nodes: readonly Node[], data: unknown): string {
  return new Evaluation(source, data).run(nodes, data);
}

class Evaluation {
  readonly #source: string;
  /** A stack: inner blocks push, and cut it back when they end. */
  readonly #variables: { readonly name: string; value: unknown }[];

  constructor(source: string, data: unknown) {
    this.#source = source;
    this.#variables = [{ name: '$', value: data }];
  }

  run(nodes: readonly Node[], dot: unknown): string {
    return nodes.map(node => this.#node(node, dot)).join('');
  }

  #node(node: Node, dot: unknown): string {
    if (node.kind === 'text') return node.text;
    if (node.kind === 'action') {
      const value = this.#pipe(node.pipe, dot);
      return node.pipe.declares.length > 0 ? '' : show(value);
    }
    const height = this.#variables.length;
    try {
      if (node.kind === 'range') return this.#range(node, dot);
      const value = this.#pipe(node.pipe, dot);
      if (!isTrue(value)) return this.run(node.otherwise, dot);
      return this.run(node.body, node.kind === 'with' ? value : dot);
    } finally {
      this.#variables.length = height;
    }
  }

  #range(node: Extract<Node, { pipe: Pipe; body: unknown }>, dot: unknown): string {
    const { pipe } = node;
    const value = this.#pipe({ ...pipe, declares: [] }, dot);
    const command = pipe.commands[0]!;
    if (typeof value !== 'object' && value !== undefined) {
      throw dataError(this.#source, command.at, command.text, `range can't iterate over ${show(value)}`);
    }
    const items: readonly (readonly [unknown, unknown])[] = Array.isArray(value)
      ? value.map((item, at) => [at, item])
      : sortedEntries(value ?? {});
    if (items.length === 0) return this.run(node.otherwise, dot);
    const height = this.#variables.length;
    let text = '';
    for (const [key, item] of items) {
      const [first, second] = pipe.declares;
      if (second !== undefined) this.#declare(pipe, first!, key);
      if (first !== undefined) this.#declare(pipe, second ?? first, item);
      text += this.run(node.body, item);
      this.#variables.length = height;
    }
    return text;
  }

  #declare(pipe: Pipe, name: string, value: unknown): void {
    const known = pipe.assigns ? this.#variables.findLast(variable => variable.name === name) : undefined;
    if (known === undefined) this.#variables.push({ name, value });
    else known.value = value;
  }

  #pipe(pipe: Pipe, dot: unknown): unknown {
    let value: unknown = nothing;
    for (const command of pipe.commands) value = this.#command(command, dot, value);
    for (const name of pipe.declares) this.#declare(pipe, name, value);
    return value;
  }

  #command(command: Command, dot: unknown, piped: unknown): unknown {
    const [first, ...rest] = command.operands;
    if (first!.kind === 'function') return this.#call(command, first!.name, rest, dot, piped);
    if (rest.length > 0 || piped !== nothing) {
      throw dataError(this.#source, first!.at, first!.text, `can't give argument to non-function ${first!.text}`);
    }
    if (first!.kind === 'nil') throw dataError(this.#source, first!.at, 'nil', 'nil is not a command');
    return this.#operand(first!, dot);
  }

  #call(command: Command, name: string, operands: readonly Operand[], dot: unknown, piped: unknown): unknown {
    const { least, most = Number.POSITIVE_INFINITY, call } = functions[name]!;
    const count = operands.length + (piped === nothing ? 0 : 1);
    if (count < least || count > most) {
      const wants = most === least ? `${least}` : `at least ${least}`;
      throw dataError(this.#source, command.at, name, `wrong number of args for ${name}: want ${wants} got ${count}`);
    }
    const args: unknown[] = [];
    for (const operand of operands) {
      args.push(this.#operand(operand, dot));
      // These two stop at the first argument that decides: `and .A .A.B` is safe where .A is nil.
      if ((name === 'and' || name === 'or') && isTrue(args.at(-1)) === (name === 'or')) return args.at(-1);
    }
    if (piped !== nothing) args.push(piped);
    try {
      return call(...(args as never[]));
    } catch (error) {
      const reason = `error calling ${name}: ${(error as Error).message}`;
      throw dataError(this.#source, command.at, command.text, reason);
    }
  }

  #operand(operand: Operand, dot: unknown): unknown {
    let value = this.#base(operand, dot);
    for (const field of operand.fields) value = this.#field(operand, value, field);
    return value;
  }

  #base(operand: Operand, dot: unknown): unknown {
    switch (operand.kind) {
      case 'literal':
        return operand.value;
      case 'nil':
        return null;
      case 'dot':
        return dot;
      case 'variable':
        return this.#variables.findLast(variable => variable.name === operand.name)!.value;
      case 'pipe':
        return this.#pipe(operand.pipe, dot);
      case 'function':
        return this.#call({ operands: [operand], at: operand.at, text: operand.name }, operand.name, [], dot, nothing);
    }
  }

  #field(operand: Operand, value: unknown, field: string): unknown {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      if (Object.hasOwn(value, field)) return (value as Record<string, unknown>)[field];
      if (isGoMap(value)) return undefined;
      throw dataError(this.#source, operand.at, operand.text, `map has no entry for key "${field}"`);
    }
    const reason =
      value === null || value === undefined
        ? `nil pointer evaluating interface {}.${field}`
        : `can't evaluate field ${field} in type ${Array.isArray(value) ? typeName(value) : 'interface {}'}`;
    throw dataError(this.#source, operand.at, operand.text, reason);
  }
}
