import fs from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../../test/support/cleanup.ts';
import { MinidockError } from '../errors.ts';
import { ContainerStore } from './store.ts';

test('a name that another program takes, too, is told as one that is taken', () => {
  const root = temporaryFolder('store');
  const store = new ContainerStore({ root, execRoot: `${root}/exec` });
  store.takeName('mine', 'a'.repeat(64));
  const { symlinkSync } = fs;
  fs.symlinkSync = () => {
    throw Object.assign(new Error(), { code: 'EEXIST', syscall: 'symlink' });
  };
  try {
    store.takeName('web', 'a'.repeat(64));
    assert.unreachable();
  } catch (error) {
    assert.instance(error, MinidockError);
    assert.is((error as MinidockError).code, 'name-in-use');
    assert.is((error as Error).message, 'the container name "/web" is taken by another program than minidock');
    assert.is((error as MinidockError).fix, `see what is at ${root}/names/web, or choose another --name`);
  } finally {
    fs.symlinkSync = symlinkSync;
  }
});

test.run();
