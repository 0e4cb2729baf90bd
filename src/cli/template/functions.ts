import { goQuote } from '../print/printable.ts';
import { zeroOf } from './go-values.ts';
import { isTrue, show, toJson, typeName } from './values.ts';

/** A function of templates. Throws an Error whose message follows `error calling NAME:`. */
export interface TemplateFunction {
  readonly least: number;
  readonly most?: number;
  call(...args: never[]): unknown;
}

const define = (least: number, most: number | undefined, call: (...args: never[]) => unknown): TemplateFunction => ({
  least,
  most,
  call,
});

/** Go's own functions and those that Docker adds. */
export const functions: Readonly<Record<string, TemplateFunction>> = {
  and: define(1, undefined, (...args: unknown[]) => args.find(arg => !isTrue(arg)) ?? args.at(-1)),
  or: define(1, undefined, (...args: unknown[]) => args.find(isTrue) ?? args.at(-1)),
  json: define(1, 1, toJson),
  index: define(1, undefined, index),
  slice: define(1, 3, slice),
  len: define(1, 1, len),
  print: define(0, undefined, (...args: unknown[]) => args.map(arg => show(arg, true)).join(' ')),
  println: define(0, undefined, (...args: unknown[]) => `${args.map(arg => show(arg, true)).join(' ')}\n`),
  printf: define(1, undefined, printf),
  join: define(2, 2, (list: unknown, separator: string) =>
    asList(list)
      .map(item => show(item, true))
      .join(separator),
  ),
  split: define(2, 2, (text: unknown, separator: string) => asText(text).split(separator)),
  upper: define(1, 1, (text: unknown) => asText(text).toUpperCase()),
  lower: define(1, 1, (text: unknown) => asText(text).toLowerCase()),
  title: define(1, 1, (text: unknown) => asText(text).replace(/\b\p{Ll}/gu, letter => letter.toUpperCase())),
  pad: define(3, 3, (text: unknown, before: number, after: number) =>
    text === '' ? '' : `${' '.repeat(before)}${asText(text)}${' '.repeat(after)}`,
  ),
  truncate: define(2, 2, (text: unknown, length: number) => asText(text).slice(0, length)),
  not: define(1, 1, (value: unknown) => !isTrue(value)),
  eq: define(2, undefined, (first: unknown, ...others: unknown[]) => others.some(other => equal(first, other))),
  ne: define(2, 2, (a: unknown, b: unknown) => !equal(a, b)),
  lt: define(2, 2, (a: unknown, b: unknown) => compare(a, b) < 0),
  le: define(2, 2, (a: unknown, b: unknown) => compare(a, b) <= 0),
  gt: define(2, 2, (a: unknown, b: unknown) => compare(a, b) > 0),
  ge: define(2, 2, (a: unknown, b: unknown) => compare(a, b) >= 0),
};

/** `index .Ports "80/tcp" 0`: into maps by key (a missing one is zero or nil), into lists by number. */
function index(value: unknown, ...keys: unknown[]): unknown {
  let current = value;
  for (const key of keys) {
    if (current === null || current === undefined) throw new Error('index of untyped nil');
    if (Array.isArray(current)) {
      if (typeof key !== 'number') throw new Error(`cannot index slice/array with type ${typeName(key)}`);
      if (key < 0 || key >= current.length) throw new Error(`index out of range: ${key}`);
      current = current[key];
    } else if (typeof current === 'object') {
      if (typeof key !== 'string') throw new Error(`value has type ${typeName(key)}; should be string`);
      current = Object.hasOwn(current, key) ? (current as Record<string, unknown>)[key] : zeroOf(current);
    } else throw new Error(`can't index item of type ${typeName(current)}`);
  }
  return current;
}

function slice(value: unknown, from?: number, to?: number): unknown {
  if (typeof value !== 'string' && !Array.isArray(value))
    throw new Error(`can't slice item of type ${typeName(value)}`);
  for (const bound of [from, to]) {
    if (bound !== undefined && (bound < 0 || bound > value.length)) throw new Error(`index out of range: ${bound}`);
  }
  return value.slice(from, to);
}

function len(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length;
  throw new Error(value === null || value === undefined ? 'len of nil pointer' : `len of type ${typeName(value)}`);
}

/** `%s %v %d %q %t %%` with a width (`%-20s`), which is what formats of tables use. */
function printf(format: string, ...args: unknown[]): string {
  let next = 0;
  const text = format.replace(/%(-?)(\d*)([a-zA-Z%])/g, (_, left: string, width: string, verb: string) => {
    if (verb === '%') return '%';
    if (next >= args.length) return `%!${verb}(MISSING)`;
    const arg = args[next++];
    const shown = verb === 'q' ? goQuote(show(arg, true)) : verb === 'x' ? hex(arg) : show(arg, true);
    return left === '-' ? shown.padEnd(Number(width)) : shown.padStart(Number(width));
  });
  return next < args.length
    ? `${text}%!(EXTRA ${args
        .slice(next)
        .map(arg => show(arg))
        .join(', ')})`
    : text;
}

function hex(value: unknown): string {
  return typeof value === 'number' ? value.toString(16) : Buffer.from(show(value, true)).toString('hex');
}

function asText(value: unknown): string {
  if (typeof value !== 'string') throw new Error(`wrong type for value; expected string; got ${typeName(value)}`);
  return value;
}

function asList(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw new Error(`wrong type for value; expected []string; got ${typeName(value)}`);
  return value;
}

function equal(a: unknown, b: unknown): boolean {
  if ((typeof a === 'object' && a !== null) || (typeof b === 'object' && b !== null)) {
    throw new Error('incompatible types for comparison');
  }
  return (a ?? null) === (b ?? null);
}

function compare(a: unknown, b: unknown): number {
  if (typeof a !== typeof b || (typeof a !== 'number' && typeof a !== 'string')) {
    throw new Error('incompatible types for comparison');
  }
  return a === b ? 0 : (a as number) < (b as number) ? -1 : 1;
}
