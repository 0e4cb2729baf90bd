import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readIgnore } from './ignore.ts';

/** Paths that are left out; what Docker does with the same lines was tried with Docker 20.10. */
for (const [lines, out, kept] of [
  ['*.log', ['a.log'], ['dir/a.log', 'a.txt']],
  ['**/*.log', ['a.log', 'dir/deep/a.log'], ['a.logs']],
  ['node_modules', ['node_modules', 'node_modules/x/y'], ['src/node_modules']],
  ['/node_modules/', ['node_modules/x'], []],
  ['dir/*', ['dir/a', 'dir/b/c'], ['dir', 'other']],
  ['*\n!keep', ['a', 'b/c'], ['keep', 'keep/x']],
  ['*.md\n!README*.md\nREADME-secret.md', ['a.md', 'README-secret.md'], ['README.md', 'README-more.md']],
  ['docs/**\n!docs/keep.md', ['docs/a', 'docs/b/c'], ['docs/keep.md']],
  ['a?c', ['abc'], ['ac', 'a/c']],
  ['[ab].txt', ['a.txt'], ['c.txt']],
  ['# comment\n\n  b  \n', ['b'], ['# comment']],
  ['./x/../y', ['y'], ['x']],
  ['a\\*b', ['a*b'], ['axb']],
  ['**', ['a', 'a/b'], []],
] as const)
  test(`${JSON.stringify(lines)}`, () => {
    const ignore = readIgnore(lines);
    for (const path of out) assert.ok(ignore.leavesOut(path), `${path} is left out`);
    for (const path of kept) assert.not.ok(ignore.leavesOut(path), `${path} is kept`);
  });

test.run();
