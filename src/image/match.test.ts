import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { matchesReference } from './match.ts';

// As Go's path.Match on the repository and on the whole name.
const cases: [pattern: string, name: string, fits: boolean][] = [
  ['nginx', 'nginx:alpine', true],
  ['nginx:alpine', 'nginx:alpine', true],
  ['nginx:1', 'nginx:alpine', false],
  ['ngin*', 'nginx:alpine', true],
  ['*:alpine', 'nginx:alpine', true],
  ['*', 'nginx:alpine', true],
  ['*', 'team/app:1', false],
  ['*/*', 'team/app:1', true],
  ['team/*', 'team/app:1', true],
  ['ngi?x', 'nginx:alpine', true],
  ['[m-o]ginx', 'nginx:alpine', true],
  ['[^n]ginx', 'nginx:alpine', false],
  ['n.inx', 'nginx:alpine', false],
  ['n\\*', 'nginx:alpine', false],
  ['app(1)', 'app:1', false],
  ['library/nginx', 'nginx:alpine', false],
];

for (const [pattern, name, fits] of cases) {
  test(`${pattern} ${fits ? 'fits' : 'does not fit'} ${name}`, () => {
    assert.is(matchesReference(pattern, name), fits);
  });
}

test('a bracket that is not closed is an error', () => {
  assert.throws(() => matchesReference('a[b', 'a:1'), /syntax error in pattern "a\[b"/);
});

test.run();
