import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { timestamp } from './clock.ts';

test('a moment is written as toISOString writes it', () => {
  for (const time of [0, 1, 951_782_400_000, 1_700_000_000_123, Date.parse('2026-12-31T23:59:59.999Z'), Date.now()])
    assert.is(timestamp(new Date(time)), new Date(time).toISOString());
});

test.run();
