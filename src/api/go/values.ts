import {
  any,
  anyMap,
  anySlice,
  bool,
  type Field,
  float64,
  type GoType,
  int,
  isNilable,
  jsonNumber,
  type MapType,
  type Scalar,
  type Struct,
  string,
} from './types.ts';

/**
 * A value of Go. Its data is as JSON has it: a struct is an object by its keys in JSON, of a pointer there is what it
 * points to, of an interface another Value. Undefined data is the zero value of any type, null that of those that have nil.
 */
export interface Value<T extends GoType = GoType> {
  readonly type: T;
  readonly data: unknown;
}

/** `undefined` is what Go's reflection calls the invalid value: there is none, as of a key that a map does not have. */
export type Maybe = Value | undefined;

export const value = <T extends GoType>(type: T, data: unknown): Value<T> => ({ type, data });
export const text = (data: string) => value(string, data);
export const integer = (data: number) => value(int, data);
export const float = (data: number) => value(float64, data);
export const boolean = (data: boolean) => value(bool, data);

/** Decoded JSON of which nothing is known: `map[string]interface {}` and the like, numbers as text. */
export function dynamic(json: unknown): Value {
  return value(any, content(json));
}

function content(json: unknown): Maybe {
  if (json === null || json === undefined) return undefined;
  if (typeof json === 'string') return text(json);
  if (typeof json === 'number') return value(jsonNumber, String(json));
  if (typeof json === 'boolean') return boolean(json);
  if (Array.isArray(json)) return value(anySlice, json.map(content));
  return value(anyMap, Object.fromEntries(Object.entries(json as object).map(([key, item]) => [key, content(item)])));
}

export const isNil = ({ type, data }: Value): boolean => isNilable(type) && (data === undefined || data === null);

/** What an interface holds; another value is itself. */
export function inside(of: Maybe): Maybe {
  return of?.type.kind === 'interface' ? ((of.data ?? undefined) as Maybe) : of;
}

/** What a pointer or an interface leads to. A nil one stays, so that its type can be named. */
export function indirect(of: Value): Value {
  let found = of;
  for (;;) {
    const { type, data } = found;
    if ((type.kind !== 'pointer' && type.kind !== 'interface') || isNil(found)) return found;
    found = type.kind === 'pointer' ? value(type.element, data) : (data as Value);
  }
}

/** A field of a struct, its own or one of a struct that it embeds. */
export function fieldOf(of: Value<Struct>, name: string): Maybe {
  for (const field of of.type.fields) if (field.name === name) return member(of, field);
  for (const field of of.type.fields) {
    if (!field.embedded) continue;
    const found = fieldOf(indirect(member(of, field)) as Value<Struct>, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function member({ data }: Value<Struct>, { type, json, embedded }: Field): Value {
  if (embedded) return value(type, data ?? {});
  return value(type, own(data, json));
}

export const hasField = ({ fields }: Struct, name: string): boolean => fields.some(field => field.name === name);

/** What a map has for a key; invalid where it has none. */
export function entryOf({ type, data }: Value<MapType>, key: string): Maybe {
  if (data === null || data === undefined || !Object.hasOwn(data, key)) return undefined;
  return value(type.element, own(data, key));
}

/** Keys and values in the order that `range` and `%v` have: sorted by their bytes. */
export function entriesOf({ type, data }: Value<MapType>): (readonly [Value<Scalar>, Value])[] {
  return sortedEntries(data ?? {}).map(([key, item]) => [value(type.key, key), value(type.element, item)]);
}

export function sortedEntries(data: object): [key: string, item: unknown][] {
  const entries = Object.entries(data);
  return entries.length < 2 ? entries : entries.sort(([a], [b]) => compareText(a, b));
}

export function itemsOf({ type, data }: Value): Value[] {
  if (type.kind !== 'slice' && type.kind !== 'array') return [];
  return ((data ?? []) as unknown[]).map(item => value(type.element, item));
}

/** The data of a scalar, zero where there is none. */
export function scalarOf({ type, data }: Value): string | number | bigint | boolean {
  if (data !== undefined && data !== null) return data as string | number | bigint | boolean;
  return type.kind === 'string' ? '' : type.kind === 'bool' ? false : 0;
}

/** The bytes of a string, which Go counts and cuts. */
export const bytesOf = (of: Value): Buffer => Buffer.from(String(scalarOf(of)));

/** Order of strings in Go: that of their bytes. */
export function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** What `if` and `with` take for true: not zero, empty or nil. */
export function isTrue(of: Maybe): boolean {
  const found = inside(of);
  if (found === undefined) return false;
  const { type, data } = found;
  switch (type.kind) {
    case 'struct':
      return true;
    case 'slice':
    case 'array':
      return itemsOf(found).length > 0;
    case 'map':
      return Object.keys((data ?? {}) as object).length > 0;
    case 'pointer':
      return !isNil(found);
    default:
      return Boolean(scalarOf(found));
  }
}

/** What an object has by itself under a key. */
export function own(data: unknown, key: string): unknown {
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, key)) return undefined;
  return (data as Record<string, unknown>)[key];
}
