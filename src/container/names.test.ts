import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readName } from './names.ts';

test('names that are paths, flags, too short or too long are refused', () => {
  assert.is(readName('web-1.x_Y'), 'web-1.x_Y');
  assert.is(readName('/web'), 'web');
  assert.is(readName('x'.repeat(255)).length, 255);
  for (const wrong of ['', '/', 'a', '-x', '../x', 'a/b', '//ab', 'a b', '.a', 'ä1', 'ab\n'])
    assert.throws(() => readName(wrong), /^Invalid container name \(.*\), only \[a-zA-Z0-9\]/s, wrong);
  assert.throws(() => readName('x'.repeat(256)), /^Invalid container name \(x{40}…\): it has 256 characters/);
});

test.run();
