import { any, type GoType, isNilable, type MapType, type Pointer, type Struct } from '../../../api/go/types.ts';
import {
  entryOf,
  fieldOf,
  float,
  hasField,
  indirect,
  inside,
  integer,
  isNil,
  isTrue,
  type Maybe,
  scalarOf,
  type Value,
  value,
} from '../../../api/go/values.ts';
import type { Command, Constant, Operand, Pipe } from '../syntax/nodes.ts';
import type { Location } from './failure.ts';
import type { Functions, TemplateFunction } from './functions.ts';

/** Where nothing is piped in: nil is a value of its own. */
const nothing = Symbol('nothing');
type Piped = Maybe | typeof nothing;

export interface Variable {
  readonly name: string;
  value: Maybe;
}

/** Finds the values of pipelines. */
export class Evaluation {
  readonly #location: Location;
  readonly #functions: Functions;
  /** A stack: inner blocks push, and cut it back when they end. */
  readonly variables: Variable[];
  /** A map's key that is missing is an error. */
  readonly #strict: boolean;

  constructor(location: Location, functions: Functions, dot: Maybe, strict: boolean) {
    this.#location = location;
    this.#functions = functions;
    this.#strict = strict;
    this.variables = [{ name: '$', value: dot }];
  }

  pipe(pipe: Pipe, dot: Maybe): Maybe {
    this.#location.set(pipe);
    let found: Piped = nothing;
    // What an interface holds goes on by itself.
    for (const command of pipe.commands) found = inside(this.#command(command, dot, found));
    const result = found as Maybe;
    for (const name of pipe.declares) this.declare(pipe, name, result);
    return result;
  }

  declare({ assigns }: Pipe, name: string, value: Maybe): void {
    const known = assigns ? this.#variable(name) : undefined;
    if (known === undefined) this.variables.push({ name, value });
    else known.value = value;
  }

  #variable(name: string): Variable {
    const found = this.variables.findLast(variable => variable.name === name);
    if (found === undefined) throw this.#location.fail(`undefined variable: ${name}`);
    return found;
  }

  #command(command: Command, dot: Maybe, piped: Piped): Maybe {
    const [first, ...operands] = command.operands;
    if (first.kind === 'function') return this.#function(first, command, operands, dot, piped);
    const takesNone = () => {
      if (operands.length > 0 || piped !== nothing)
        throw this.#location.fail(`can't give argument to non-function ${first.text}`);
    };
    if (first.kind === 'pipe') takesNone();
    else this.#location.set(first);
    if (first.kind === 'field' || first.kind === 'chain' || (first.kind === 'variable' && first.names.length > 0))
      return this.#chain(first, dot, operands, piped);
    takesNone();
    if (first.kind === 'nil') throw this.#location.fail('nil is not a command');
    return this.#operand(first, dot);
  }

  /** What a term is by itself. */
  #operand(operand: Operand, dot: Maybe): Maybe {
    if (operand.kind !== 'pipe') this.#location.set(operand);
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return undefined;
      case 'string':
      case 'boolean':
        return operand.value;
      case 'number':
        return this.#ideal(operand.number, operand.text);
      case 'variable':
        if (operand.names.length === 0) return this.#variable(operand.name).value;
        return this.#chain(operand, dot, [], nothing);
      case 'field':
      case 'chain':
        return this.#chain(operand, dot, [], nothing);
      case 'function':
        return this.#function(operand, operand, [], dot, nothing);
      case 'pipe':
        return this.pipe(operand.pipe, dot);
    }
  }

  #ideal({ ideal, integer: whole, float: real }: Constant, text: string): Value {
    if (ideal === 'float') return float(real);
    if (whole === undefined || Math.abs(whole) >= 2 ** 63) throw this.#location.fail(`${text} overflows int`);
    return integer(whole);
  }

  #chain(
    operand: Operand & { readonly names: readonly string[] },
    dot: Maybe,
    operands: readonly Operand[],
    piped: Piped,
  ): Maybe {
    let found: Maybe = dot;
    if (operand.kind === 'chain') found = this.#operand(operand.of, dot);
    if (operand.kind === 'variable') found = this.#variable(operand.name).value;
    for (const [at, name] of operand.names.entries()) {
      const isLast = at === operand.names.length - 1;
      found = this.#field(found, name, dot, isLast ? operands : [], isLast ? piped : nothing, operand);
    }
    return found;
  }

  /** A field of a struct, an entry of a map, or a method. */
  #field(of: Maybe, name: string, dot: Maybe, operands: readonly Operand[], piped: Piped, place: Operand): Maybe {
    if (of === undefined) {
      if (this.#strict) throw this.#location.fail(`nil data; no entry for key ${JSON.stringify(name)}`);
      return undefined;
    }
    const hasArguments = operands.length > 0 || piped !== nothing;
    const receiver = indirect(of);
    if (receiver.type.kind === 'interface') throw this.#location.fail(`nil pointer evaluating ${of.type.name}.${name}`);
    const methods = (inside(of) ?? of).type.methods;
    const method = methods !== undefined && Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (method !== undefined && !isNil(receiver)) {
      const { parameters, result } = method;
      const call = (...args: Maybe[]) =>
        value(result, method.call(receiver.data as never, ...(args.map(arg => scalarOf(arg!)) as never[])));
      return this.#call(name, { parameters, call }, operands, dot, piped, place);
    }
    if (receiver.type.kind === 'struct') {
      const found = fieldOf(receiver as Value<Struct>, name);
      if (found !== undefined && hasArguments)
        throw this.#location.fail(`${name} has arguments but cannot be invoked as function`);
      if (found !== undefined) return found;
    }
    if (receiver.type.kind === 'map') {
      if (hasArguments) throw this.#location.fail(`${name} is not a method but has arguments`);
      const found = entryOf(receiver as Value<MapType>, name);
      if (found === undefined && this.#strict)
        throw this.#location.fail(`map has no entry for key ${JSON.stringify(name)}`);
      return found;
    }
    const { type } = receiver;
    // Without such a field a nil pointer is not to blame.
    if (type.kind === 'pointer' && (type.element.kind !== 'struct' || hasField(type.element, name)))
      throw this.#location.fail(`nil pointer evaluating ${of.type.name}.${name}`);
    throw this.#location.fail(`can't evaluate field ${name} in type ${of.type.name}`);
  }

  #function(operand: Operand, whole: Operand | Command, operands: readonly Operand[], dot: Maybe, piped: Piped): Maybe {
    this.#location.set(operand);
    return this.#call(operand.text, this.#functions[operand.text]!, operands, dot, piped, whole);
  }

  #call(
    name: string,
    { parameters, variadic = false, lazy = false, call }: TemplateFunction,
    operands: readonly Operand[],
    dot: Maybe,
    piped: Piped,
    place: Operand | Command,
  ): Maybe {
    const count = operands.length + (piped === nothing ? 0 : 1);
    const least = parameters.length - (variadic ? 1 : 0);
    if (count < least || (!variadic && count > least)) {
      const wanted = variadic ? `at least ${least}` : `${least}`;
      throw this.#location.fail(`wrong number of args for ${name}: want ${wanted} got ${count}`);
    }
    const typeAt = (at: number) => parameters[Math.min(at, parameters.length - 1)]!;
    const args: Maybe[] = [];
    for (const [at, operand] of operands.entries()) {
      const arg = this.#argument(operand, typeAt(at), dot);
      // The rest is not looked at: `and .A .A.B` is safe where .A is nil.
      if (lazy && isTrue(arg) === (name === 'or')) return arg;
      args.push(arg);
    }
    if (piped !== nothing) args.push(this.#checked(piped, typeAt(operands.length)));
    try {
      return call(...args);
    } catch (error) {
      this.#location.set(place);
      throw this.#location.fail(`error calling ${name}: ${(error as Error).message}`);
    }
  }

  /** An operand as the type that a parameter has. */
  #argument(operand: Operand, type: GoType, dot: Maybe): Maybe {
    if (operand.kind === 'nil') {
      this.#location.set(operand);
      if (isNilable(type)) return undefined;
      throw this.#location.fail(`cannot assign nil to ${type.name}`);
    }
    if (operand.kind !== 'string' && operand.kind !== 'boolean' && operand.kind !== 'number')
      return this.#checked(this.#operand(operand, dot), type);
    this.#location.set(operand);
    if (type.kind === 'interface') return this.#operand(operand, dot);
    if (type.kind === 'string' || type.kind === 'int') {
      if (type.kind === operand.kind) return this.#operand(operand, dot);
      if (type.kind === 'int' && operand.kind === 'number' && operand.number.integer !== undefined)
        return integer(operand.number.integer);
      throw this.#location.fail(`expected ${type.kind === 'int' ? 'integer' : 'string'}; found ${operand.text}`);
    }
    throw this.#location.fail(`can't handle ${operand.text} for arg of type ${type.name}`);
  }

  /** A value, if it is of the type that a parameter has; or what it leads to. */
  #checked(given: Maybe, type: GoType): Maybe {
    if (type === any) return inside(given);
    if (given === undefined) {
      if (isNilable(type)) return value(type, null);
      throw this.#location.fail(`invalid value; expected ${type.name}`);
    }
    const found = inside(given) ?? given;
    if (isAssignable(found.type, type)) return found;
    if (found.type.kind === 'pointer' && isAssignable((found.type as Pointer).element, type)) {
      if (isNil(found)) throw this.#location.fail(`dereference of nil pointer of type ${found.type.name}`);
      return indirect(found);
    }
    throw this.#location.fail(`wrong type for value; expected ${type.name}; got ${found.type.name}`);
  }
}

/** A named type of slice is as good as one without a name. */
function isAssignable(from: GoType, to: GoType): boolean {
  if (from.name === to.name) return true;
  return (
    from.kind === 'slice' && to.kind === 'slice' && from.element.name === to.element.name && to.name.startsWith('[]')
  );
}
