import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MinidockError } from '../errors.ts';
import { explainWrite } from './failure.ts';

const failure = (code: string, syscall: string, path?: string) =>
  Object.assign(new Error(code), { code, syscall, ...(path !== undefined && { path }) });

const said = (error: unknown) => {
  const told = explainWrite(error, 'unpacking a layer');
  assert.instance(told, MinidockError);
  const { message, fix } = told as MinidockError;
  return [message, fix];
};

test('an error of the machine comes with what to do about it, whatever was going on', () => {
  assert.equal(said(failure('EIO', 'write')), [
    'unpacking a layer failed: write: input/output error',
    'see what the disk says: `dmesg | tail`',
  ]);
  assert.equal(said(failure('EMFILE', 'open', '/a\nb')), [
    'unpacking a layer failed: open "/a\\nb": too many open files',
    'raise the limit that `ulimit -n` shows',
  ]);
  assert.equal(said(failure('EACCES', 'mkdir', '/a')), [
    'unpacking a layer failed: mkdir "/a": permission denied',
    'see what forbids it: `ls -ld`, `findmnt -T`, `dmesg | tail`',
  ]);
  assert.equal(said(failure('ENOMEM', 'spawn')), [
    'unpacking a layer failed: spawn: cannot allocate memory',
    'free some memory: `free -m`',
  ]);
});

test('of a full disk the call does not matter, and one without a remedy keeps its name', () => {
  assert.is(said(failure('ENOSPC', 'write', '/a'))[0], 'no space left on device while unpacking a layer');
  assert.equal(said(failure('EMLINK', 'link', '/a')), ['unpacking a layer failed: link "/a": EMLINK', undefined]);
});

test.run();
