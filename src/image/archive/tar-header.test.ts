import { execFileSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeHeader } from '../../storage/tar/header.ts';
import { tarEnd, tarHeader, tarPadding } from './tar-header.ts';

test('what is written is read again, sizes beyond eight gibibytes too', () => {
  for (const size of [0, 1, 511, 512, 8 ** 11 - 1, 8 ** 11, 2 ** 45]) {
    const { entry, stored } = decodeHeader(tarHeader(`blobs/sha256/${'a'.repeat(64)}`, size));
    assert.equal([entry.name.length, stored, entry.mode, entry.uid, entry.mtime], [77, size, 0o644, 0, 0]);
  }
  assert.is(decodeHeader(tarHeader('blobs/', 0, 'directory')).flag, '5');
  assert.is(tarHeader('blobs/', 0).toString('latin1', 257, 265), 'ustar\x0000');
  assert.throws(() => tarHeader('x'.repeat(101), 0), /too long/);
});

test('GNU tar lists it without complaint, and it is whole records long', () => {
  const content = Buffer.from('hello');
  const parts = [tarHeader('d/', 0, 'directory'), tarHeader('d/f', 5), content, tarPadding(5)];
  const archive = Buffer.concat([...parts, tarEnd(Buffer.concat(parts).length)]);
  assert.is(archive.length % 10_240, 0);
  const listed = execFileSync('tar', ['--numeric-owner', '--utc', '-tvf', '-'], { input: archive, encoding: 'utf8' });
  assert.match(listed, /^drwxr-xr-x 0\/0 +0 1970-01-01 00:00 d\/\n-rw-r--r-- 0\/0 +5 1970-01-01 00:00 d\/f\n$/);
  assert.is(execFileSync('tar', ['-xOf', '-', 'd/f'], { input: archive, encoding: 'utf8' }), 'hello');
});

test('padding fills a block and no more', () => {
  assert.equal(
    [0, 1, 511, 512, 513].map(size => tarPadding(size).length),
    [0, 511, 1, 0, 511],
  );
  for (const written of [0, 512, 9216, 9728, 10_240]) {
    const { length } = tarEnd(written);
    assert.is((written + length) % 10_240, 0);
    assert.ok(length >= 1024 && length < 1024 + 10_240, `${length}`);
  }
});

test.run();
