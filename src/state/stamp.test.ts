import fs from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../../test/support/cleanup.ts';
import { writeVolatile } from './files.ts';
import { hasRested, isSame, stampOf } from './stamp.ts';

const folder = temporaryFolder('stamp');
const directory = path.join(folder, 'directory');
const file = path.join(directory, 'file');
const paths = [file, directory];
fs.mkdirSync(directory);

/** Until any change gives another stamp. */
async function rested() {
  for (;;) {
    const stamp = stampOf(paths)!;
    if (hasRested(stamp, Date.now())) return stamp;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

test('a stamp stays the same until a file is replaced or a name comes or goes', async () => {
  const changes = [
    () => writeVolatile(file, 'first'),
    // As long as before, and twice, so that the inode may come back.
    () => writeVolatile(file, 'other'),
    () => writeVolatile(file, 'third'),
    () => fs.writeFileSync(file, 'wrote'),
    () => fs.symlinkSync('0', path.join(directory, 'link')),
    () => fs.unlinkSync(path.join(directory, 'link')),
    () => fs.unlinkSync(file),
    () => fs.rmdirSync(directory),
  ];
  for (const change of changes) {
    const before = await rested();
    assert.is(isSame(before, stampOf(paths)!), true);
    change();
    assert.is(isSame(before, stampOf(paths)!), false, String(change));
  }
});

test('what was changed just now, or in the future, is not trusted', () => {
  writeVolatile(path.join(folder, 'new'), '');
  const stamp = stampOf([path.join(folder, 'new')])!;
  const [{ ctimeMs } = { ctimeMs: 0 }] = stamp;
  assert.is(hasRested(stamp, ctimeMs + 50), false);
  assert.is(hasRested(stamp, ctimeMs - 3600_000), false);
  assert.is(hasRested(stamp, ctimeMs + 150), true);
});

test('what cannot be looked at has no stamp, what is not there has one', () => {
  const loop = path.join(folder, 'loop');
  fs.symlinkSync('loop', loop);
  assert.is(stampOf([loop]), undefined);
  assert.equal(stampOf([path.join(folder, 'none')]), [undefined]);
});

test.run();
