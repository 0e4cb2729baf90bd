import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readDuration } from './duration.ts';

test('Go’s lengths of time, in nanoseconds', () => {
  const cases: [string, number][] = [
    ['0', 0],
    ['30s', 30e9],
    ['1m30s', 90e9],
    ['1.5h', 5400e9],
    ['.5s', 5e8],
    ['100ms', 1e8],
    ['2us', 2000],
    ['2µs', 2000],
    ['7ns', 7],
    ['-1s', -1e9],
    ['+1s', 1e9],
  ];
  for (const [given, nanoseconds] of cases) assert.is(readDuration(given), nanoseconds, given);
});

test('what is none is refused in Go’s words', () => {
  const cases: [string, RegExp][] = [
    ['', /invalid duration ""/],
    ['soon', /invalid duration "soon"/],
    ['5', /missing unit in duration "5"/],
    ['5x', /unknown unit "x" in duration "5x"/],
    ['s', /invalid duration "s"/],
    ['1s 2s', /unknown unit "s "/],
    ['9999999999h', /invalid duration/],
  ];
  for (const [given, words] of cases) assert.throws(() => readDuration(given), words, given);
});

test.run();
