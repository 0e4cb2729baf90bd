import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { coloured, inOneLine, painted, printable } from './printable.ts';

test('what a terminal obeys is spelt out, everything else stays', () => {
  const cases: [string, string][] = [
    ['ünï\tcode\n👍🏽 עברית', 'ünï\tcode\n👍🏽 עברית'],
    ['\x1b]0;x\x07', '\\x1b]0;x\\x07'],
    ['\x9b2J\x85\x7f\0\r', '\\u009b2J\\u0085\\u007f\\x00\\r'],
    ['\u202eback\u202c \u2067x\u2069', '\\u202eback\\u202c \\u2067x\\u2069'],
  ];
  for (const [text, shown] of cases) assert.is(printable(text), shown);
  assert.is(inOneLine('a\nb\tc\x1b'), 'a\\nb\\tc\\x1b');
});

test('a JSON document stays one, with the same value', () => {
  const value = { a: '\x1b\x7f\x9b\u202e' };
  assert.equal(JSON.parse(printable(JSON.stringify(value, null, 2))), value);
});

test('colours stay where they are wanted', () => {
  assert.is(
    Buffer.from(coloured('\x1b[1;36mhost\x1b[0m\x1b[2J\x1b]0;x\x07\n')).toString(),
    '\x1b[1;36mhost\x1b[0m\\x1b[2J\\x1b]0;x\\x07\n',
  );
});

test('a text in a colour of ours brings none of its own', () => {
  assert.is(
    Buffer.from(coloured(`${painted('35', 'volume /\x1b[8mhidden\n')}\n`)).toString(),
    '\x1b[35mvolume /\\x1b[8mhidden\\n\x1b[0m\n',
  );
});

test.run();
