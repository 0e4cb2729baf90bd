import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hostResolvers, isLoopback, publicResolvers } from './resolvers.ts';

test('the name servers of a resolv.conf, three at most; public ones where it names none', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-resolv-'));
  const file = path.join(folder, 'resolv.conf');
  try {
    assert.equal(hostResolvers(file), publicResolvers);
    fs.writeFileSync(
      file,
      '# nameserver 192.0.2.9\nsearch a\n nameserver 127.0.0.53 \nnameserver\t2001:db8::1\noptions x\n',
    );
    assert.equal(hostResolvers(file), ['127.0.0.53', '2001:db8::1']);
    fs.appendFileSync(file, 'nameserver 192.0.2.1\nnameserver 192.0.2.2\n');
    assert.is(hostResolvers(file).length, 3);
    fs.writeFileSync(file, 'search a\n');
    assert.equal(hostResolvers(file), publicResolvers);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

test('loopback', () => {
  assert.equal(['127.0.0.1', '127.9.9.9', '::1', '10.127.0.1', '::11'].map(isLoopback), [
    true,
    true,
    true,
    false,
    false,
  ]);
});

test.run();
