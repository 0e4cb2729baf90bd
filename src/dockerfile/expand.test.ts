// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the subject
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expandLines, expandWord, expandWords } from './expand.ts';

const values: Record<string, string> = { A: 'one', EMPTY: '', PATH: '/a/b/a/c', TWO: 'x y', V: '1.2.3' };
const variables = { value: (name: string) => values[name] };

/** The right-hand sides are what a POSIX shell prints for `echo`, where it knows the form. */
for (const [word, expected] of [
  ['$A', 'one'],
  ['${A}s', 'ones'],
  ['$Abc', ''],
  ['a$', 'a$'],
  ['$-x', '$-x'],
  ['\\$A', '$A'],
  ["'$A'", '$A'],
  ['"$A b"', 'one b'],
  ['"a\\b\\"\\$A"', 'a\\b"$A'],
  ['a\\ b', 'a b'],
  ['x\\', 'x\\'],
  ['${NONE:-d}', 'd'],
  ['${NONE-d}', 'd'],
  ['${EMPTY:-d}', 'd'],
  ['${EMPTY-d}', ''],
  ['${A:+d}', 'd'],
  ['${EMPTY:+d}', ''],
  ['${EMPTY+d}', 'd'],
  ['${NONE:-${A}${V}}', 'one1.2.3'],
  ['${NONE:-"a}b"}', 'a}b'],
  ['${V#*.}', '2.3'],
  ['${V##*.}', '3'],
  ['${V%.*}', '1.2'],
  ['${V%%.*}', '1'],
  ['${PATH#/a/}', 'b/a/c'],
  ['${PATH/a/X}', '/X/b/a/c'],
  ['${PATH//a/X}', '/X/b/X/c'],
  ['${PATH//\\//-}', '-a-b-a-c'],
  ['${PATH/b\\/}', '/a/a/c'],
  ['${V//[12]/x}', 'x.x.3'],
] as const)
  test(`${word} is ${JSON.stringify(expected)}`, () => {
    assert.is(expandWord(word, variables, '\\'), expected);
  });

for (const [word, reason] of [
  ['${A', '"}" is missing'],
  ['${', 'bad substitution'],
  ['${A:', '"}" is missing'],
  ['${A!x}', 'unsupported modifier "!"'],
  ['${A:=x}', 'unsupported modifier ":="'],
  ['${NONE:?give one}', 'NONE: give one'],
  ["'a", 'the closing single quote'],
  ['"a', 'the closing double quote'],
] as const)
  test(`${word} is refused: ${reason}`, () => {
    assert.throws(
      () => expandWord(word, variables, '\\'),
      (error: Error) => error.message.includes(reason),
    );
  });

test('blanks of a value end a word, unless it is quoted', () => {
  assert.equal(expandWords('$TWO "$TWO" z', variables, '\\'), ['x', 'y', 'x y', 'z']);
});

test('in the lines of a here-document quotes are text', () => {
  assert.is(expandLines(`a '$A' "$V" \\$A \\n\n`, variables, '\\'), `a 'one' "1.2.3" $A \\n\n`);
});

test('tells of variables that are not set', () => {
  const unset: string[] = [];
  expandWord('$B ${C} ${D:-x} $A', { ...variables, unset: name => void unset.push(name) }, '\\');
  assert.equal(unset, ['B', 'C']);
});

test.run();
