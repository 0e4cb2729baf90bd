import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readInstant } from './instant.ts';

const now = Date.parse('2026-11-20T12:00:00Z');
const iso = (given: string) => readInstant(given, now).toISOString();

test('lengths of time before now', () => {
  assert.is(iso('10m'), '2026-11-20T11:50:00.000Z');
  assert.is(iso('1h30m'), '2026-11-20T10:30:00.000Z');
  assert.is(iso('1.5s'), '2026-11-20T11:59:58.500Z');
  assert.is(iso('-5m'), '2026-11-20T12:05:00.000Z');
  assert.is(iso('250ms'), '2026-11-20T11:59:59.750Z');
});

test('RFC 3339, its beginning, and seconds since 1970', () => {
  assert.is(iso('2013-01-02T13:23:37Z'), '2013-01-02T13:23:37.000Z');
  assert.is(iso('2013-01-02T13:23:37.123456789+02:00'), '2013-01-02T11:23:37.123Z');
  assert.is(iso('2013-01-02Z'), '2013-01-02T00:00:00.000Z');
  assert.is(iso('2013-01-02T13:23'), new Date(2013, 0, 2, 13, 23).toISOString());
  assert.is(iso('1136073600'), '2006-01-01T00:00:00.000Z');
});

test('what is neither is refused', () => {
  for (const wrong of ['foo', '', '10x', '2013-13-01', '2013-01-02T25:00', '-']) {
    assert.throws(() => readInstant(wrong, now), /failed to parse value as time or duration/, wrong);
  }
});

test.run();
