import fs from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../../test/support/cleanup.ts';
import { writeVolatile } from './files.ts';
import { Remembered } from './remembered.ts';

const folder = temporaryFolder('remembered');

test('a file is read again only when it was replaced, and what is gone is gone', () => {
  const file = path.join(folder, 'one');
  const remembered = new Remembered<string>();
  let reads = 0;
  const get = () =>
    remembered.get(file, () => {
      reads++;
      return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : 'none';
    });
  writeVolatile(file, 'first');
  for (let i = 0; i < 5; i++) assert.is(get(), 'first');
  assert.is(reads, 2, 'once without, once to be remembered');
  // As long as before, and again, so that the inode may come back.
  for (const content of ['other', 'third', 'first']) {
    writeVolatile(file, content);
    assert.is(get(), content);
  }
  fs.rmSync(file);
  assert.is(get(), 'none');
  writeVolatile(file, 'again');
  assert.is(get(), 'again');
});

test('more files than it remembers are still told apart', () => {
  const remembered = new Remembered<number>();
  for (let round = 0; round < 3; round++)
    for (let i = 0; i < 1500; i++)
      assert.is(
        remembered.get(path.join(folder, `no-${i}`), () => i),
        i,
      );
});

test.run();
