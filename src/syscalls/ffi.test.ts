import os from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { callLibc, gethostname, getpid, uname } from './ffi.ts';

test('libc answers what Node knows by other means', () => {
  assert.is(getpid().value, process.pid);
  assert.equal(gethostname(), { value: 0, name: os.hostname() });
  const names = uname();
  assert.is(names.sysname, 'Linux');
  assert.is(names.nodename, os.hostname());
  assert.is(names.release, os.release());
  assert.is(names.machine, os.machine());
});

test('a failure has its errno, a success has none', () => {
  assert.equal(callLibc('access', '/no/such/file', 0), { value: -1, errno: 'ENOENT' });
  assert.equal(callLibc('close', -1), { value: -1, errno: 'EBADF' });
  assert.equal(callLibc('access', '/', 0), { value: 0 });
});

test.run();
