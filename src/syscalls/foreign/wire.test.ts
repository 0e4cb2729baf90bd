import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pieces } from '../../engine/compile/pieces.ts';
import { call, expect, store } from '../calls.ts';
import { bytes, room, str, strings, TextData } from '../data.ts';
import { printStep } from '../print.ts';
import { type Slot, type Step, slot, word } from '../step.ts';
import { fromWire, LONGEST_WIRE, slotsIn, toWire } from './wire.ts';

const why = { en: 'because', zh: '因为' };
const again = (value: unknown, slots?: ReadonlyMap<string, Slot>) => fromWire(toWire(value), slots);
const document = (value: unknown, more: Record<string, unknown> = {}) =>
  JSON.stringify({ slots: [], data: [], value, ...more });

test('what a piece returns comes back the same, identity of data and slots included', () => {
  const tether = pieces.dieWithSupervisor();
  const back = again(tether) as typeof tether;
  for (const section of ['host', 'parent', 'first', 'last'] as const)
    assert.equal(
      back[section].map(step => printStep(step)),
      tether[section].map(step => printStep(step)),
    );
  const [read, look] = back.last.slice(-2) as [Step, Step];
  assert.ok(read.op === 'syscall' && look.op === 'expect' && read.args[1] === look.data);
  assert.ok(read.op === 'syscall' && back.host[0]!.op === 'syscall' && read.args[0] === back.host[0]!.save);
});

test('a slot that was given comes back as the very same object', () => {
  const child = slot('child');
  const step = pieces.cloneProcess(['pid'], child);
  assert.is((again(step, slotsIn([['pid'], child])) as typeof step & { save: Slot }).save, child);
});

test('all that a piece is given or gives has a form', () => {
  const data = room(16, 'answer');
  for (const value of [
    { a: 1, b: 'text', c: [true, null, undefined], d: -1.5, e: 2n ** 60n, f: new Uint8Array([1, 2]) },
    new Map<unknown, unknown>([['x', new Set([1])]]),
    Number.POSITIVE_INFINITY,
    { kind: 'hybrid' },
    [store(word('n', data, 4), data, 0, 'u32', { why }), expect(data, 0, new Uint8Array([1]), { why })],
    call('execve', [str('/bin/sh'), strings(['sh', '-c', 'true']), strings([])], { why, tolerate: ['ENOENT'] }),
  ])
    assert.equal(again(value), plain(value));
});

/** Text is read as data like any other. */
function plain(value: unknown): unknown {
  if (value instanceof TextData) {
    const { kind, bytes, pointers, text } = value;
    return { kind, bytes: Uint8Array.from(bytes), pointers, text };
  }
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}

test('what is no value of the language is not written', () => {
  for (const value of [() => 1, Symbol('x'), Promise.resolve(1), new Date(), Number.NaN, [[[new (class Own {})()]]]])
    assert.throws(
      () => toWire(value),
      (error: Error) => error.name === 'WireError',
    );
  const loop = { kind: 'data' as const, bytes: new Uint8Array(8), pointers: [] as unknown[], text: 'loop' };
  loop.pointers.push({ at: 0, to: loop });
  assert.throws(() => toWire(loop), /points to itself/);
  let deep: unknown[] = [];
  for (let i = 0; i < 50; i++) deep = [deep];
  assert.throws(() => toWire(deep), /too deep/);
});

const record = (...entries: [string, unknown][]) => ['record', ...entries];
const syscall = (...more: [string, unknown][]) =>
  record(['op', 'syscall'], ['name', 'getpid'], ['args', ['list']], ['why', ''], ...more);

const refused: Record<string, [text: string, reason: RegExp]> = {
  'no JSON': ['{', /not JSON/],
  'other fields': ['{"value":1}', /not a document/],
  'too long': [document('x'.repeat(LONGEST_WIRE)), /characters/],
  'an object': [document({ op: 'sync' }), /tagged list/],
  'a kind that does not exist': [document(['function', 'x']), /do not exist/],
  'a prototype': [document(record(['__proto__', record(['polluted', true])])), /__proto__/],
  'a constructor': [document(record(['constructor', 1])), /constructor/],
  'a forged slot': [document(record(['kind', 'saved'], ['name', 'x'])), /says it is a slot/],
  'a key twice': [document(record(['a', 1], ['a', 2])), /twice/],
  'a slot that is not there': [document(['slot', 0]), /no entry 0/],
  'a slot by a negative number': [document(['slot', -1]), /no entry -1/],
  'bytes that are none': [document(['bytes', 'ä']), /base64/],
  'a bigint that is none': [document(['bigint', '1e3']), /bigint/],
  'an unknown op': [document(record(['op', 'toString'], ['why', ''])), /do not exist/],
  'a field of its own': [document(syscall(['run', true])), /has no field "run"/],
  'seven arguments': [
    document(record(['op', 'syscall'], ['name', 'x'], ['args', ['list', 1, 2, 3, 4, 5, 6, 7]], ['why', ''])),
    /six arguments/,
  ],
  'an argument that is text': [
    document(record(['op', 'syscall'], ['name', 'x'], ['args', ['list', '/etc']], ['why', ''])),
    /an argument is/,
  ],
  'any error tolerated': [document(syscall(['tolerate', ['list', '*']])), /errnos/],
  'saves into a number': [document(syscall(['save', 3])), /into a slot/],
  'a reason with more languages': [document(syscall(['groupWhy', record(['en', 'x'])])), /no text/],
  'a pointer beyond the end': [
    document(['data', 1], {
      data: [
        { bytes: '', pointers: [], text: '' },
        { bytes: 'AAAAAAAAAAA=', pointers: [[8, 0]], text: '' },
      ],
    }),
    /a pointer at 8 of 8 bytes/,
  ],
  'a pointer ahead': [
    document(['data', 0], { data: [{ bytes: 'AAAAAAAAAAA=', pointers: [[0, 0]], text: '' }] }),
    /not written before/,
  ],
  'a word beyond the end': [
    document(['word', 0, 8, 'w'], { data: [{ bytes: 'AAAAAAAAAAA=', pointers: [], text: '' }] }),
    /a word at 8/,
  ],
  'too many slots': [document(1, { slots: Array(2000).fill('s') }), /at most 1024/],
};

for (const [name, [text, reason]] of Object.entries(refused))
  test(`refused: ${name}`, () => {
    assert.throws(
      () => fromWire(text),
      (error: Error) => error.name === 'WireError' && reason.test(error.message),
    );
    assert.is(({} as Record<string, unknown>).polluted, undefined);
  });

test('a store must fit, and not write an address', () => {
  const data = room(8, 'x');
  const from = slot('n');
  assert.throws(() => again(store(from, data, 4, 'u64', { why })), /beyond the end/);
  assert.throws(() => again(store(from, strings(['sh']), 0, 'u64', { why })), /holds addresses/);
  assert.throws(() => again(expect(data, 8, new Uint8Array([1]), { why })), /beyond the end/);
});

test('data is limited as a whole', () => {
  assert.throws(() => again([bytes(new Uint8Array(200_000), ''), bytes(new Uint8Array(200_000), '')]), /bytes of data/);
});

test.run();
