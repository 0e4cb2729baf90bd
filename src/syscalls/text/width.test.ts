import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cutTo, padTo, widthOf } from './columns.ts';
import { wrap, wrapCode, wrapText } from './width.ts';

test('Chinese characters are two columns, colours and combining marks none', () => {
  assert.is(widthOf('abc'), 3);
  assert.is(widthOf('命名空间'), 8);
  assert.is(widthOf('\x1b[1mbold\x1b[22m'), 4);
  assert.is(widthOf('e\u0301'), 1);
  assert.is(widthOf('（2）'), 5);
});

test('padding counts columns, not characters', () => {
  assert.is(padTo('主机', 6), '主机  ');
  assert.is(padTo('abcdefg', 3), 'abcdefg');
});

test('words stay whole, and no line is wider than asked', () => {
  assert.equal(wrapText('one two three', 8), ['one two', 'three']);
  assert.equal(wrapText('first\n  second', 20), ['first', 'second']);
  assert.equal(wrapText('abcd efgh', 4), ['abcd', 'efgh']);
  const long = 'the quick brown fox jumps over the lazy dog '.repeat(5);
  for (const line of wrapText(long, 17)) assert.ok(widthOf(line) <= 17, line);
  assert.is(wrapText(long, 17).join(' ').trim(), long.trim());
});

test('a word longer than the line is cut', () => {
  assert.equal(wrapText('abcdefghij', 4), ['abcd', 'efgh', 'ij']);
});

test('Chinese breaks between characters, but not before closing nor after opening punctuation', () => {
  assert.equal(wrapText('命名空间', 4), ['命名', '空间']);
  for (const width of [6, 8, 9, 10, 12, 14])
    for (const line of wrapText('挂载（共享），传播“类型”。容器', width)) {
      assert.not.match(line, /^[，。）”]/, `${width}: ${line}`);
      assert.not.match(line, /[（“]$/, `${width}: ${line}`);
      assert.ok(widthOf(line) <= width, `${width}: ${line}`);
    }
});

test('code breaks after a bar before it is cut', () => {
  const code = [{ text: 'clone(CLONE_NEWUTS|SIGCHLD)', solid: true }];
  assert.equal(wrap(code, 20), ['clone(CLONE_NEWUTS|', 'SIGCHLD)']);
});

test('code is cut where the line ends, and keeps its indentation', () => {
  assert.equal(wrapCode('  if (x) return;', 12), ['  if (x)', '      return', ';']);
  assert.equal(wrapCode('mount -t overlay overlay rootfs', 16), ['mount -t overlay', '    overlay', '    rootfs']);
  assert.equal(wrapCode('a   # why', 20), ['a   # why']);
  assert.equal(wrapCode('', 10), ['']);
  assert.equal(wrapCode('一二三', 4), ['一二', '三']);
});

test('what is too wide ends in an ellipsis, within so many columns', () => {
  assert.is(cutTo('abcdef', 6), 'abcdef');
  assert.is(cutTo('abcdefg', 6), 'abcde…');
  assert.is(cutTo('命名空间', 8), '命名空间');
  assert.is(cutTo('命名空间', 7), '命名空…');
  assert.is(cutTo('命名空间', 6), '命名…');
});

test.run();
