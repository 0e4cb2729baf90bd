import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { signalNumber } from './signals.ts';

test('signals by name with and without SIG, by number, and the real-time ones', () => {
  for (const [name, number] of [
    ['TERM', 15],
    ['SIGTERM', 15],
    ['sigkill', 9],
    ['usr1', 10],
    ['CLD', 17],
    ['POLL', 29],
    ['9', 9],
    ['RTMIN', 34],
    ['SIGRTMIN+3', 37],
    ['rtmin+15', 49],
    ['RTMAX-14', 50],
    ['SIGRTMAX', 64],
    ['64', 64],
  ] as const)
    assert.is(signalNumber(name), number, name);
});

test('what is no signal', () => {
  for (const name of [
    '',
    '0',
    '32',
    '33',
    '65',
    '-1',
    '1.5',
    'FOO',
    'RTMIN+16',
    'RTMAX-15',
    'RTMIN-1',
    'RTMINX',
    'toString',
  ])
    assert.throws(() => signalNumber(name), /^Invalid signal: /, name);
});

test.run();
