import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MinidockError } from '../errors.ts';
import { decodePlain, encodePlain, PlainReader, PlainWriter } from './plain.ts';

const there = (value: unknown) => decodePlain(encodePlain(value));

test('plain data is the same on the other side', () => {
  const value = {
    text: 'a\u0000"ü',
    count: 7,
    big: 2n ** 64n,
    none: null,
    absent: undefined,
    when: new Date(1795000000000),
    bytes: Buffer.from([0, 255, 10]),
    odd: [Number.NaN, Number.POSITIVE_INFINITY, -0, undefined, [], {}],
    named: { $: 'undefined', is: { $: 1 } },
  };
  assert.equal(there(value), value);
  assert.ok(Object.is((there([-0]) as number[])[0], -0));
  assert.ok('absent' in (there(value) as object));
});

test('a label may be called __proto__', () => {
  const labels = JSON.parse('{"__proto__":"x","constructor":"y"}');
  const read = there(labels) as object;
  assert.equal(Object.entries(read), Object.entries(labels));
  assert.is(Object.getPrototypeOf(read), Object.prototype);
});

test('one object is one object there, also over several values of one writer', () => {
  const data = { bytes: new Uint8Array(3), when: new Date(0) };
  const [a, b] = there([{ data }, { data }]) as { data: object }[];
  assert.is(a!.data, b!.data);
  const [writer, reader] = [new PlainWriter(), new PlainReader()];
  const first = reader.read(writer.write({ $: 'x', data })) as { data: object };
  const second = reader.read(writer.write([data, data.bytes, data.when])) as object[];
  assert.is(second[0], first.data);
  assert.is(second[1], (first.data as { bytes: object }).bytes);
  assert.is(second[2], (first.data as { when: object }).when);
  const ring: Record<string, unknown> = {};
  ring.self = ring;
  const read = there(ring) as { self: unknown };
  assert.is(read.self, read);
});

test('an error has its code, fix and excerpt; one that is no MinidockError is a defect', () => {
  const error = there(
    new MinidockError('dockerfile', 'line 3', { fix: 'mend it', excerpt: '3 | RUM' }),
  ) as MinidockError;
  assert.instance(error, MinidockError);
  assert.equal([error.code, error.message, error.fix, error.excerpt], ['dockerfile', 'line 3', 'mend it', '3 | RUM']);
  assert.is((there(new Error('oops')) as MinidockError).code, 'defect');
});

test('what is no data is refused where nobody stands for it', () => {
  assert.throws(() => encodePlain(new Map()), /a Map is no plain data/);
  assert.throws(() => encodePlain(() => 1), /no plain data/);
  assert.throws(() => encodePlain(Symbol('a')), /a symbol is no plain data/);
  assert.throws(() => decodePlain('{"$":"odd"}'), /unknown word "odd"/);
  assert.throws(() => decodePlain('{"$":"same","as":4}'), /names an object it does not have/);
  assert.throws(() => decodePlain('{'), SyntaxError);
  const writer = new PlainWriter(thing => (typeof thing === 'function' ? { $: 'call', as: 'tell' } : undefined));
  const reader = new PlainReader(({ as }) => `calls ${as}`);
  assert.equal(reader.read(writer.write({ tell: () => 1 })), { tell: 'calls tell' });
});

test.run();
