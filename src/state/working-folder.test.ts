import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { acquire, isHeld } from './lock.ts';
import { makeWorkingFolder, workingFolders } from './working-folder.ts';

let parent = '';
test.before.each(() => {
  parent = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-working-'));
});
test.after.each(() => fs.rmSync(parent, { recursive: true }));

test('folders of living processes are told from those of dead ones, and from other kinds', () => {
  const mine = makeWorkingFolder(parent, 'load');
  const other = makeWorkingFolder(parent, 'load');
  const module = fileURLToPath(new URL('./working-folder.ts', import.meta.url));
  const code = `import { makeWorkingFolder } from ${JSON.stringify(module)};
    process.stdout.write(makeWorkingFolder(${JSON.stringify(parent)}, 'load'));`;
  const child = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    encoding: 'utf8',
  });
  makeWorkingFolder(parent, 'import');
  for (const name of ['load', 'load-', 'load-x', 'a.lock']) fs.mkdirSync(path.join(parent, name));
  const { living, dead } = workingFolders(parent, 'load');
  assert.equal(living.sort(), [mine, other].sort());
  assert.equal(dead, [child.stdout]);
  assert.equal(workingFolders(path.join(parent, 'none'), 'load'), { living: [], dead: [] });
});

test('a lock is held while a living process holds it', async () => {
  const lock = path.join(parent, 'lock');
  assert.is(isHeld(lock), false);
  const release = await acquire(lock);
  assert.is(isHeld(lock), true);
  fs.mkdirSync(path.join(parent, 'dead/held.1-1-000000000000.aaaa'), { recursive: true });
  assert.is(isHeld(path.join(parent, 'dead')), false);
  release();
  assert.is(isHeld(lock), false);
});

test.run();
