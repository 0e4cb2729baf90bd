import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hostResolvers, isLoopback, publicResolvers, serverIn } from './resolvers.ts';

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

test('the keyword begins a line and ends with a blank', () => {
  for (const line of ['nameserver 192.0.2.1', '\tnameserver \t192.0.2.1 # ours', 'nameserver\t192.0.2.1\r'])
    assert.is(serverIn(line), '192.0.2.1', line);
  for (const line of ['', 'nameserver', 'nameserver192.0.2.1', '# nameserver 192.0.2.1', 'search nameserver 192.0.2.1'])
    assert.is(serverIn(line), undefined, line);
});

test('loopback', () => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::1%lo']) assert.ok(isLoopback(address), address);
  for (const address of ['10.127.0.1', '::11', '']) assert.not(isLoopback(address), address);
});

test.run();
