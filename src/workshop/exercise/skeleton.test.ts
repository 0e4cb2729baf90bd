import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { skeletonOf, withCode, withoutMarks } from './skeleton.ts';

const solution = `import { call } from '../../src/syscalls/calls.ts';

export const first = (x: number) => {
  //> What is wanted.
  //> 要写什么。
  return [call('close', [x], { why })];
  //<
};
export function second() {
  //> The other.
  const a = 1;
  return a;
  //<
}
`;

test('a skeleton asks for what the solution holds', () => {
  assert.is(
    skeletonOf(solution),
    `import { call } from '../../src/syscalls/calls.ts';
import { todo } from '../../src/workshop/exercise/todo.ts';

export const first = (x: number) => {
  // What is wanted.
  // 要写什么。
  return todo();
};
export function second() {
  // The other.
  return todo();
}
`,
  );
});

test('imports end with a blank line, also where the solution has none of its own', () => {
  const skeleton = skeletonOf('/** What it is for. */\nexport const f = () => {\n  //> It.\n  return 1;\n  //<\n};\n');
  assert.match(skeleton, /^import \{ todo \} from '.*';\n\n\/\*\* What it is for\. \*\/\n/);
});

test('other code stands where the marks are, part by part', () => {
  assert.match(withCode(solution, '  return [];'), /=> \{\n {2}return \[\];\n\};/);
  const second = withCode(solution, [undefined, '  return 2;']);
  assert.match(second, /return \[call\('close'/);
  assert.match(second, /second\(\) \{\n {2}return 2;\n\}/);
  assert.not.match(withoutMarks(solution), /\/\/[<>]/);
});

test('marks that do not fit are named by their line', () => {
  assert.throws(() => skeletonOf('a'), /nothing is marked/);
  assert.throws(() => skeletonOf('  //> x\n  return 1;'), /line 1: \/\/> without \/\/</);
  assert.throws(() => skeletonOf('a\n  //<'), /line 2: \/\/< without \/\/>/);
});

test.run();
