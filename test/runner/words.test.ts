import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { describe } from './files.ts';
import { distance, select } from './words.ts';

const files = [
  'src/network/ports.test.ts',
  'test/network-ports.test.ts',
  'test/proof-strace.test.ts',
  'test/save-load.test.ts',
  'lessons/lessons.test.ts',
].map(path => describe(path, ''));
const paths = (...words: string[]) => select(files, words).files.map(file => file.path);
const problems = (...words: string[]) => select(files, words).problems;

test('no words select all; a tier, its files; another word, the paths that hold it', () => {
  assert.is(paths().length, files.length);
  assert.equal(paths('unit'), ['src/network/ports.test.ts']);
  assert.equal(paths('kernel'), ['test/network-ports.test.ts', 'test/save-load.test.ts']);
  assert.equal(paths('course'), ['lessons/lessons.test.ts']);
  assert.equal(paths('ports'), ['src/network/ports.test.ts', 'test/network-ports.test.ts']);
  assert.equal(paths('proof', 'lessons/'), ['test/proof-strace.test.ts', 'lessons/lessons.test.ts']);
  assert.equal(paths('./test/save'), ['test/save-load.test.ts']);
  assert.equal(problems('unit', 'ports', './test/save'), []);
});

test('a word that names nothing comes with the nearest file or tier', () => {
  assert.equal(problems('prots', 'ports'), ['no test file matches "prots"; the nearest is src/network/ports.test.ts']);
  assert.equal(problems('test/netwrok-ports.test.ts'), [
    'no test file matches "test/netwrok-ports.test.ts"; the nearest is test/network-ports.test.ts',
  ]);
  assert.equal(problems('kernle'), ['no test file matches "kernle"; the nearest is the tier kernel']);
  assert.equal(problems('vm'), ['the tier vm has no test yet']);
});

test('distance counts letters that are added, removed, replaced and swapped', () => {
  assert.is(distance('', 'abc'), 3);
  assert.is(distance('kitten', 'sitting'), 3);
  assert.is(distance('ports', 'ports'), 0);
  assert.is(distance('prots', 'ports'), 1);
});

test.run();
