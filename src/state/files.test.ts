import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ensureDirectory } from './files.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-test-files-'));
test.after(() => fs.rmSync(folder, { recursive: true }));

const codeOf = (directory: string) => {
  try {
    return ensureDirectory(directory);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
};

test('directories are made with those above them; one that is there, or a link to one, stays', () => {
  const deep = path.join(folder, 'a/b/c');
  assert.is(ensureDirectory(deep, 0o700), deep);
  assert.is(fs.statSync(path.join(folder, 'a')).mode & 0o777, 0o700);
  fs.symlinkSync(deep, path.join(folder, 'link'));
  assert.is(codeOf(path.join(folder, 'link')), path.join(folder, 'link'));
});

test('what is no directory, and a file system that makes none, is an error at once', () => {
  fs.writeFileSync(path.join(folder, 'file'), '');
  assert.is(codeOf(path.join(folder, 'file')), 'EEXIST');
  assert.is(codeOf(path.join(folder, 'file/below')), 'ENOTDIR');
  assert.is(codeOf('/proc/none/below'), 'ENOENT');
});

test.run();
