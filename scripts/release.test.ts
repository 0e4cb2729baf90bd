import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { version } from '../src/version.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (name: string) => readFileSync(root + name, 'utf8');
const manifest = JSON.parse(read('package.json'));

test('package.json, its lock file and src/version.ts have one version', () => {
  const lock = JSON.parse(read('package-lock.json'));
  assert.equal([version, lock.version, lock.packages[''].version], Array(3).fill(manifest.version));
});

test('CHANGELOG.md begins with what is unreleased, then this version, newest first', () => {
  const headings = [...read('CHANGELOG.md').matchAll(/^## (.*)$/gm)].map(([, text]) => text!);
  assert.is(headings[0], '[Unreleased]');
  for (const heading of headings.slice(1)) assert.match(heading, /^\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/);
  assert.match(headings[1]!, new RegExp(`^\\[${manifest.version.replaceAll('.', '\\.')}\\] `));
  const dates = headings.slice(1).map(heading => heading.slice(-10));
  assert.equal(dates, [...dates].sort().reverse());
});

test('a tag of this commit that looks like a version is this version', () => {
  // No repository, as in an unpacked tarball: nothing to compare.
  const { stdout } = spawnSync('git', ['tag', '--points-at', 'HEAD'], { cwd: root, encoding: 'utf8' });
  const tags = (stdout ?? '').split('\n').filter(tag => /^v?\d+\.\d+\.\d+$/.test(tag));
  assert.equal(
    tags.filter(tag => tag !== `v${manifest.version}`),
    [],
  );
});

test.run();
