import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bundled } from '../../test/support/bundled.ts';
import { removeTree } from './remove-tree.ts';

/** In memory, where there is some: it is about paths, and a disk is slow. */
const memory = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
let folder = '';
let tree = '';
test.before.each(() => {
  folder = fs.mkdtempSync(path.join(memory, 'minidock-remove-'));
  tree = path.join(folder, 'tree');
});
// rm(1): it can remove what the function under test may not.
test.after.each(() => {
  spawnSync('rm', ['-rf', folder]);
});

/** So many directories, each in the one before, each with a file and a link to `canary`. */
function makeDeep(depth: number, name: string, canary: string): void {
  const code = `const [top, depth, name, canary] = process.argv.slice(1); const fs = require('fs');
    fs.mkdirSync(top); process.chdir(top);
    for (let i = 0; i < depth; i++) {
      fs.writeFileSync('file', ''); fs.symlinkSync(canary, 'link'); fs.mkdirSync(name); process.chdir(name); }`;
  assert.is(spawnSync(process.execPath, ['-e', code, tree, `${depth}`, name, canary]).status, 0);
}

test('600 directories with long names, and 5,000 with short ones, in each other; links in them are not followed', () => {
  const canary = path.join(folder, 'canary');
  fs.mkdirSync(canary);
  fs.writeFileSync(path.join(canary, 'file'), '');
  for (const [depth, name] of [
    [600, 'n'.repeat(255)],
    [5000, 'd'],
  ] as const) {
    makeDeep(depth, name, canary);
    removeTree(tree);
    assert.not.ok(fs.existsSync(tree));
  }
  assert.equal(fs.readdirSync(canary), ['file']);
});

test('a deep and wide tree takes no more than 64 descriptors', () => {
  makeDeep(1000, 'd', '/');
  for (let i = 0; i < 100; i++) fs.mkdirSync(path.join(tree, `w${i}`, 'd/'.repeat(60)), { recursive: true });
  const script = bundled(new URL('./remove-tree.ts', import.meta.url));
  const code = `import { removeTree } from ${JSON.stringify(script)}; removeTree(${JSON.stringify(tree)});`;
  const limited = `ulimit -n 64; exec "$0" --input-type=module -e "$1"`;
  const { status, stderr } = spawnSync('sh', ['-c', limited, process.execPath, code], { encoding: 'utf8' });
  assert.equal([status, stderr], [0, '']);
  assert.not.ok(fs.existsSync(tree));
});

test('a directory with more files than are read at once; names that are no UTF-8', () => {
  fs.mkdirSync(tree);
  // 20 bytes each of a tmpfs's st_size, more elsewhere: over a MiB.
  for (let i = 0; i < 53_000; i++) fs.writeFileSync(path.join(tree, `${i}`), '');
  const bytes = Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff, 0x2f, 0xfe])]);
  fs.mkdirSync(bytes.subarray(0, -2));
  fs.writeFileSync(bytes, '');
  removeTree(tree);
  assert.not.ok(fs.existsSync(tree));
});

test('a file, a link and nothing at all', () => {
  fs.mkdirSync(tree);
  fs.symlinkSync(tree, path.join(folder, 'link'));
  fs.writeFileSync(path.join(folder, 'file'), '');
  for (const name of ['link', 'file', 'nothing', 'nothing/at/all']) removeTree(path.join(folder, name));
  assert.equal(fs.readdirSync(folder), ['tree']);
});

/** Runs `action` and, just before its n-th call of the file system, `intrude`. Returns how many calls it made; it may fail. */
function intrudeAt(n: number, action: () => void, intrude: () => void): number {
  const names = ['lstatSync', 'openSync', 'fstatSync', 'readdirSync', 'unlinkSync', 'rmdirSync', 'renameSync'] as const;
  const originals = names.map(name => [name, fs[name]] as const);
  let calls = 0;
  let inside = false;
  const restore = () => originals.map(([name, original]) => Object.assign(fs, { [name]: original }));
  for (const [name, original] of originals)
    Object.assign(fs, {
      [name]: (...args: never[]) => {
        if (!inside && calls++ === n) {
          inside = true;
          intrude();
          inside = false;
        }
        return (original as (...args: never[]) => unknown)(...args);
      },
    });
  try {
    action();
  } catch {
    // What was put there is not to be removed.
  } finally {
    restore();
  }
  return calls;
}

test('a link that takes the place of a directory at any moment is not followed', () => {
  const [victim, link, place] = ['victim', 'link', 'tree/place'].map(name => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  fs.mkdirSync(victim);
  fs.writeFileSync(path.join(victim, 'file'), '');
  for (let n = 0, calls = 1; n < calls; n++) {
    fs.mkdirSync(path.join(place, 'deeper'), { recursive: true });
    fs.writeFileSync(path.join(place, 'file'), '');
    fs.symlinkSync(victim, link);
    const swap = () => {
      if (!fs.existsSync(place)) return;
      fs.renameSync(place, `${tree}/moved`);
      fs.renameSync(link, place);
    };
    calls = intrudeAt(n, () => removeTree(tree), swap);
    assert.equal(fs.readdirSync(victim), ['file'], `swapped before call ${n}`);
    removeTree(tree);
    removeTree(link);
  }
});

test.run();
