import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { replaceFolder } from './folder.ts';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-folder-test-'));
test.after(() => fs.rmSync(scratch, { recursive: true, force: true }));

const fill = (content: string) => async (folder: string) => fs.writeFileSync(path.join(folder, 'index.html'), content);
const read = (folder: string) => fs.readFileSync(path.join(folder, 'index.html'), 'utf8');

test('a handbook takes the place of an older one; one that fails changes nothing', async () => {
  const target = path.join(scratch, 'deep/book');
  await replaceFolder(target, fill('one'));
  fs.writeFileSync(path.join(target, 'old.html'), '');
  await replaceFolder(target, fill('two'));
  assert.is(read(target), 'two');
  assert.not.ok(fs.existsSync(path.join(target, 'old.html')));
  const failing = replaceFolder(target, () => Promise.reject(new Error('no')));
  assert.is((await failing.catch(error => error)).message, 'no');
  assert.is(read(target), 'two');
  assert.equal(fs.readdirSync(path.dirname(target)), ['book']);
});

test('a folder with other files, and a file, are left alone', async () => {
  const other = path.join(scratch, 'other');
  fs.mkdirSync(other);
  fs.writeFileSync(path.join(other, 'thesis.txt'), 'mine');
  fs.writeFileSync(path.join(scratch, 'file'), 'mine');
  for (const target of ['other', 'file'].map(name => path.join(scratch, name))) {
    const error = await replaceFolder(target, fill('x')).catch(error => error);
    assert.is(error.code, 'invalid-output');
  }
  assert.equal(fs.readdirSync(other), ['thesis.txt']);
  assert.is(fs.readFileSync(path.join(scratch, 'file'), 'utf8'), 'mine');
});

test.run();
