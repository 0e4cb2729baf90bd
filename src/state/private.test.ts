import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { enginePaths } from './paths.ts';
import { privateDirectory, secureRoots } from './private.ts';

let folder: string;

test.before.each(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-private-'));
});
test.after.each(() => fs.rmSync(folder, { recursive: true }));

const rootsIn = (name: string) => ({ root: path.join(folder, name, 'r'), execRoot: path.join(folder, name, 'e') });
const modeOf = (directory: string) => fs.statSync(directory).mode & 0o7777;

/** Both roots, open to all, with one entry in one of them. */
function openRoots(name: string, entry: string) {
  const roots = rootsIn(name);
  for (const directory of Object.values(roots)) {
    fs.mkdirSync(directory, { recursive: true });
    fs.chmodSync(directory, 0o755);
  }
  fs.mkdirSync(entry);
  return roots;
}

test('whichever one thing an engine has left in a root, the root is known as an engine’s and shut', () => {
  const entries = (roots: ReturnType<typeof rootsIn>) => [
    ...Object.values(enginePaths(roots)),
    ...['images', 'networks', 'engine-id', 'lost+found'].map(name => path.join(roots.root, name)),
    path.join(roots.execRoot, '0123456789ab'),
    path.join(roots.root, '.removed-data-0123abcd'),
    path.join(roots.root, 'allocation.lock.4711.0123abcd'),
    path.join(roots.root, 'engine-id.4711.tmp'),
  ];
  for (const i of entries(rootsIn('')).keys()) {
    const entry = entries(rootsIn(String(i)))[i]!;
    const roots = openRoots(String(i), entry);
    secureRoots(roots);
    assert.equal([modeOf(roots.root), modeOf(roots.execRoot)], [0o710, 0o710], entry);
  }
});

test('a folder with other things only is not taken', () => {
  for (const [i, flag] of (['root', 'execRoot'] as const).entries()) {
    const roots = openRoots(String(i), path.join(rootsIn(String(i))[flag], 'letters'));
    assert.throws(() => secureRoots(roots), /cannot take .* it holds letters, and nobody but root/);
    assert.is(modeOf(roots[flag]), 0o755);
  }
});

test('a folder like /etc, which has a `containers` among other things, is not taken either', () => {
  const roots = openRoots('etc', path.join(rootsIn('etc').root, 'containers'));
  fs.mkdirSync(path.join(roots.root, 'ssh'));
  assert.throws(() => secureRoots(roots), /cannot take .* it holds ssh, and nobody but root/);
  assert.is(modeOf(roots.root), 0o755);
});

test('what is narrower stays: of 0750 the group’s reading goes, and 0700 is not touched', () => {
  const directory = path.join(folder, 'volumes');
  fs.mkdirSync(directory);
  for (const [before, after] of [
    [0o700, 0o700],
    [0o500, 0o500],
    [0o710, 0o710],
    [0o750, 0o710],
    [0o2711, 0o710],
  ] as const) {
    fs.chmodSync(directory, before);
    privateDirectory(directory);
    assert.is(modeOf(directory), after, before.toString(8));
  }
});

test.run();
