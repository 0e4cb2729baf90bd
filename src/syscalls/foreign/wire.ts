import type { Data } from '../data.ts';
import type { Slot, Word } from '../step.ts';
import { checkStep, isKind, WireError } from './check-step.ts';

/**
 * Values of the language as text, for a process that must not be trusted: steps, and whatever a piece takes and returns
 * (`{ host, child }`, a list, a number). Writing keeps identity: a slot goes by its name, data used twice is written once.
 * Reading believes nothing: every form is checked, nothing becomes a prototype, a function or an address.
 *
 * A document is JSON: `{"slots": [name…], "data": [{"bytes", "pointers", "text"}…], "value": …}`. In `value` plain JSON stands
 * for numbers, text and truth; what JSON lacks is a list that begins with its kind: `["list", …]`, `["record", [key, value]…]`,
 * `["set", …]`, `["map", [key, value]…]`, `["slot", i]`, `["data", i]`, `["word", i, at, name]`, `["bytes", base64]`,
 * `["bigint", digits]`, `["infinity"]`, `["nothing"]`.
 */

/** The most that is read, in characters, and how deep values may lie in each other. */
export const LONGEST_WIRE = 2 << 20;
const DEEPEST = 24;
const MOST_SLOTS = 1024;
const MOST_DATA = 4096;
const LONGEST_DATA = 256 << 10;

type Json = null | boolean | number | string | Json[];
interface WireData {
  bytes: string;
  pointers: [at: number, to: number][];
  text: string;
}

/** Writes a value. Throws `WireError` for what has no form: functions, promises, instances of classes. */
export function toWire(value: unknown): string {
  const slots: string[] = [];
  const slotIndex = new Map<Slot, number>();
  const data: WireData[] = [];
  const dataIndex = new Map<Data, number>();

  const ofSlot = (slot: Slot): number => {
    const known = slotIndex.get(slot) ?? slots.push(slot.name) - 1;
    slotIndex.set(slot, known);
    return known;
  };
  const ofData = (one: Data, way: readonly Data[]): number => {
    const known = dataIndex.get(one);
    if (known !== undefined) return known;
    if (way.includes(one)) throw new WireError(`data points to itself: ${one.text}`);
    // What is pointed to comes first, so that a reader knows it.
    const pointers = one.pointers.map(({ at, to }): [number, number] => [at, ofData(to, [...way, one])]);
    const index = data.push({ bytes: base64(one.bytes), pointers, text: one.text }) - 1;
    dataIndex.set(one, index);
    return index;
  };
  const write = (one: unknown, depth: number): Json => {
    if (depth > DEEPEST) throw new WireError('values lie too deep in each other');
    if (one === undefined) return ['nothing'];
    if (one === null || typeof one === 'boolean' || typeof one === 'string') return one;
    if (typeof one === 'number') {
      if (one === Infinity) return ['infinity'];
      if (!Number.isFinite(one)) throw new WireError(`${one} is no number that a kernel knows`);
      return one;
    }
    if (typeof one === 'bigint') return ['bigint', String(one)];
    if (one instanceof Uint8Array) return ['bytes', base64(one)];
    if (Array.isArray(one)) return ['list', ...one.map(item => write(item, depth + 1))];
    if (one instanceof Set) return ['set', ...[...one].map(item => write(item, depth + 1))];
    if (one instanceof Map)
      return ['map', ...[...one].map(([key, item]): Json => [write(key, depth + 1), write(item, depth + 1)])];
    if (typeof one !== 'object') throw new WireError(`a ${typeof one} is no step`);
    if (one instanceof Promise) throw new WireError('a promise is no step: a piece is an ordinary function, not async');
    if (isKind<Slot>(one, 'saved')) return ['slot', ofSlot(one)];
    if (isKind<Data>(one, 'data')) return ['data', ofData(one, [])];
    if (isKind<Word>(one, 'word')) return ['word', ofData(one.data, []), one.at, one.name];
    const prototype = Object.getPrototypeOf(one) as unknown;
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
      throw new WireError(`a ${one.constructor?.name || 'class instance'} is no step`);
    return ['record', ...Object.entries(one).map(([key, item]): Json => [key, write(item, depth + 1)])];
  };
  const written = write(value, 0);
  return JSON.stringify({ slots, data, value: written });
}

/**
 * Reads what `toWire` wrote. `slots` are those that the other side was given, by name: they come back as the same object.
 * Whatever looks like a step (a record with `op`) is one in every field.
 *
 * @throws {WireError}
 */
export function fromWire(text: string, slots: ReadonlyMap<string, Slot> = new Map()): unknown {
  if (text.length > LONGEST_WIRE) throw new WireError(`more than ${LONGEST_WIRE} characters`);
  const document = parse(text);
  const names = listOf(document.slots, 'slots', MOST_SLOTS).map(name => textOf(name, 'name of a slot', 200));
  const known: Slot[] = names.map(name => slots.get(name) ?? { kind: 'saved', name });
  const data: Data[] = [];
  let total = 0;
  for (const entry of listOf(document.data, 'data', MOST_DATA)) {
    const one = readData(entry, data);
    total += one.bytes.length;
    if (total > LONGEST_DATA) throw new WireError(`more than ${LONGEST_DATA} bytes of data`);
    data.push(one);
  }
  const at = <T>(table: readonly T[], index: unknown): T => {
    const found = Number.isSafeInteger(index) ? table[index as number] : undefined;
    if (found === undefined) throw new WireError(`there is no entry ${JSON.stringify(index)}`);
    return found;
  };
  const read = (one: unknown, depth: number): unknown => {
    if (depth > DEEPEST) throw new WireError('values lie too deep in each other');
    if (one === null || typeof one === 'boolean' || typeof one === 'number' || typeof one === 'string') return one;
    if (!Array.isArray(one)) throw new WireError('an object where a tagged list belongs');
    const [kind, ...rest] = one as unknown[];
    switch (kind) {
      case 'nothing':
        return undefined;
      case 'list':
        return rest.map(item => read(item, depth + 1));
      case 'set':
        return new Set(rest.map(item => read(item, depth + 1)));
      case 'map':
        return new Map(
          rest.map(entry => {
            const [key, item] = listOf(entry, 'entry of a map', 2);
            return [read(key, depth + 1), read(item, depth + 1)] as const;
          }),
        );
      case 'infinity':
        return Infinity;
      case 'record':
        return readRecord(rest.map(entry => readEntry(entry, item => read(item, depth + 1))));
      case 'slot':
        return at(known, rest[0]);
      case 'data':
        return at(data, rest[0]);
      case 'word':
        return readWord(at(data, rest[0]), rest[1], rest[2]);
      case 'bytes':
        return fromBase64(rest[0]);
      case 'bigint':
        if (typeof rest[0] !== 'string' || !/^-?\d{1,20}$/.test(rest[0])) throw new WireError('a bigint that is none');
        return BigInt(rest[0]);
      default:
        throw new WireError(`values of kind ${JSON.stringify(kind)} do not exist`);
    }
  };
  return read(document.value, 0);
}

/** The slots in a value, by name: what goes out and is to come back as the same object. */
export function slotsIn(value: unknown, found = new Map<string, Slot>()): Map<string, Slot> {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return found;
  if (isKind<Slot>(value, 'saved')) found.set(value.name, value);
  else
    for (const item of value instanceof Map || value instanceof Set ? [...value].flat() : Object.values(value))
      slotsIn(item, found);
  return found;
}

function parse(text: string): Record<'slots' | 'data' | 'value', unknown> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new WireError('not JSON');
  }
  const keys = typeof document === 'object' && document !== null ? Object.keys(document).sort().join() : '';
  if (keys !== 'data,slots,value') throw new WireError('not a document of slots, data and value');
  return document as Record<'slots' | 'data' | 'value', unknown>;
}

function readData(entry: unknown, before: readonly Data[]): Data {
  if (typeof entry !== 'object' || entry === null || Object.keys(entry).sort().join() !== 'bytes,pointers,text')
    throw new WireError('data that has other fields than bytes, pointers and text');
  const { bytes, pointers, text } = entry as Record<string, unknown>;
  const content = fromBase64(bytes);
  return {
    kind: 'data',
    bytes: content,
    text: textOf(text, 'text of data', 8192),
    pointers: listOf(pointers, 'pointers', MOST_DATA).map(pointer => {
      const [at, to, ...more] = listOf(pointer, 'pointer', 2) as [number, number];
      const target = Number.isSafeInteger(to) && to >= 0 ? before[to] : undefined;
      if (target === undefined || more.length > 0) throw new WireError('a pointer to data that was not written before');
      if (!Number.isSafeInteger(at) || at < 0 || at % 8 !== 0 || at + 8 > content.length)
        throw new WireError(`a pointer at ${at} of ${content.length} bytes`);
      return { at, to: target };
    }),
  };
}

function readWord(data: Data, at: unknown, name: unknown): Word {
  if (!Number.isSafeInteger(at) || (at as number) < 0 || (at as number) + 4 > data.bytes.length)
    throw new WireError(`a word at ${at} of ${data.bytes.length} bytes`);
  return { kind: 'word', data, at: at as number, name: textOf(name, 'name of a word', 200) };
}

function readEntry(entry: unknown, read: (value: unknown) => unknown): [string, unknown] {
  const [key, value, ...more] = listOf(entry, 'entry of a record', 2);
  if (typeof key !== 'string' || more.length > 0) throw new WireError('an entry that is no key and value');
  // What toWire takes apart are own fields; these three are how a record would become something else.
  if (['__proto__', 'constructor', 'prototype'].includes(key)) throw new WireError(`a record with ${key}`);
  if (key === 'kind' && ['saved', 'data', 'word'].includes(String(value)))
    throw new WireError('a record that says it is a slot or data');
  return [key, read(value)];
}

function readRecord(entries: readonly [string, unknown][]): Record<string, unknown> {
  const record = Object.fromEntries(entries);
  if (Object.keys(record).length !== entries.length) throw new WireError('a record with a key twice');
  if ('op' in record) checkStep(record);
  return record;
}

function listOf(value: unknown, what: string, most: number): unknown[] {
  if (!Array.isArray(value) || value.length > most) throw new WireError(`${what}: a list of at most ${most}`);
  return value;
}

function textOf(value: unknown, what: string, longest: number): string {
  if (typeof value !== 'string' || value.length > longest) throw new WireError(`${what}: a text of at most ${longest}`);
  return value;
}

const base64 = (content: Uint8Array) => Buffer.from(content).toString('base64');

function fromBase64(value: unknown): Uint8Array {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value))
    throw new WireError('bytes that are no base64');
  return Uint8Array.from(Buffer.from(value, 'base64'));
}
