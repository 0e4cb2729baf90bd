import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { randomHex } from './random.ts';

test('as many bytes as asked for, and never the same', () => {
  const all = Array.from({ length: 100 }, () => randomHex(32));
  for (const one of all) assert.match(one, /^[0-9a-f]{64}$/);
  assert.is(new Set(all).size, all.length);
  assert.match(randomHex(4), /^[0-9a-f]{8}$/);
});

test.run();
