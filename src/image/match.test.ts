import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { matchesReference } from './match.ts';

// As Go's path.Match on the repository and on the whole name.
const cases: [pattern: string, name: string, fits: boolean][] = [
  ['nginx', 'nginx:alpine', true],
  ['nginx:alpine', 'nginx:alpine', true],
  ['nginx:1', 'nginx:alpine', false],
  ['ngin', 'nginx:alpine', false],
  ['ginx', 'nginx:alpine', false],
  ['ngin*', 'nginx:alpine', true],
  ['n*e', 'nginx:alpine', true],
  ['*:alpine', 'nginx:alpine', true],
  ['*', 'nginx:alpine', true],
  ['*', 'team/app:1', false],
  ['*/*', 'team/app:1', true],
  ['team/*', 'team/app:1', true],
  ['ngi?x', 'nginx:alpine', true],
  ['[m-o]ginx', 'nginx:alpine', true],
  ['[^n]ginx', 'nginx:alpine', false],
  ['[a-cm-o]ginx', 'nginx:alpine', true],
  ['[z-a]ginx', 'nginx:alpine', false],
  ['[z-an]ginx', 'nginx:alpine', true],
  ['[\\n]ginx', 'nginx:alpine', true],
  ['[\\w]ginx', 'nginx:alpine', false],
  ['[a\\-z]ginx', 'nginx:alpine', false],
  ['n.inx', 'nginx:alpine', false],
  ['n\\*', 'nginx:alpine', false],
  ['ngin\\x', 'nginx:alpine', true],
  ['app(1)', 'app1:x', false],
  ['library/nginx', 'nginx:alpine', false],
];

for (const [pattern, name, fits] of cases) {
  test(`${pattern} ${fits ? 'fits' : 'does not fit'} ${name}`, () => {
    assert.is(matchesReference(pattern, name), fits);
  });
}

for (const pattern of ['a[b', '[]', '[^]a', '[a-]', '[b\\]']) {
  test(`${pattern} has a bracket that is no class: an error`, () => {
    assert.throws(
      () => matchesReference(pattern, 'a:1'),
      (error: Error) => error.message === `syntax error in pattern ${JSON.stringify(pattern)}`,
    );
  });
}

test.run();
