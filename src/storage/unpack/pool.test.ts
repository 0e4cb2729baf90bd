import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { archive, type Member } from '../../../test/support/archive.ts';
import { rejection } from '../../../test/support/rejection.ts';
import { type UnpackTask, unpackBlob } from './blob.ts';
import { UnpackPool } from './pool.ts';

let folder = '';
let pool: UnpackPool;
// A thread starts tsx: one for all.
test.before(() => {
  pool = new UnpackPool(1);
});
test.after(() => pool.close());
test.before.each(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-unpack-'));
});
test.after.each(() => fs.rmSync(folder, { recursive: true }));

async function task(name: string, members: Member[]): Promise<UnpackTask> {
  const blob = path.join(folder, `${name}.tar.gz`);
  fs.writeFileSync(blob, gzipSync(await archive(members)));
  return { blob, directory: path.join(folder, name), name: `layer ${name}` };
}

test('a thread says what this one says', async () => {
  const members: Member[] = [{ name: 'a/b', content: 'x'.repeat(3_000_000) }];
  const seen: number[] = [];
  const theirs = await pool.unpack(await task('theirs', members), { below: () => [], onProgress: n => seen.push(n) });
  const ours = await unpackBlob(await task('ours', members), { below: () => [] });
  assert.equal(theirs, ours);
  assert.is(fs.statSync(path.join(folder, 'theirs/a/b')).size, 3_000_000);
  assert.is(seen.at(-1), fs.statSync(path.join(folder, 'theirs.tar.gz')).size);
});

test('a layer that waits for those below leaves its place to the next', async () => {
  let go = (_: string[]) => {};
  const upper = pool.unpack(await task('upper', [{ name: 'd/in-it', content: '' }]), {
    below: () =>
      new Promise<string[]>(resolve => {
        go = resolve;
      }),
  });
  // There is one thread: without its place this one would never be unpacked.
  const lower = await task('lower', [{ name: 'd', type: 'directory', mode: 0o711 }]);
  await pool.unpack(lower, { below: () => [] });
  go([lower.directory]);
  await upper;
  assert.is(fs.statSync(path.join(folder, 'upper/d')).mode & 0o777, 0o711);
});

test('a refusal comes back whole, and so does what the caller throws', async () => {
  const hostile = await rejection(
    pool.unpack(await task('hostile', [{ name: '../x', content: '' }]), { below: () => [] }),
  );
  assert.is(hostile.name, 'MinidockError');
  assert.is(hostile.code, 'hostile-layer');
  assert.match(hostile.fix ?? '', /do not use it/);
  const mine = new Error('another layer');
  const wrong = pool.unpack(await task('wrong', [{ name: 'x', content: '' }]), {
    below: () => {
      throw mine;
    },
  });
  assert.is(await rejection(wrong), mine);
});

test('who gives up is not kept waiting, at whatever point', async () => {
  const reason = new Error('given up');
  for (const when of ['before', 'while it waits']) {
    const stop = new AbortController();
    if (when === 'before') stop.abort(reason);
    const given = pool.unpack(await task(when, [{ name: 'x', content: '' }]), {
      signal: stop.signal,
      below: () => {
        stop.abort(reason);
        return new Promise<string[]>(() => {});
      },
    });
    assert.is(await rejection(given), reason, when);
  }
  await pool.unpack(await task('next', [{ name: 'x', content: '' }]), { below: () => [] });
});

test('a thread that ends in the middle is an error, not a wait', async () => {
  const pool = new UnpackPool(1);
  const waiting = pool.unpack(await task('waiting', [{ name: 'x', content: '' }]), {
    below: async () => {
      await pool.close();
      return new Promise<string[]>(() => {});
    },
  });
  assert.match((await rejection(waiting)).message, /the thread that unpacked layer waiting has ended/);
});

test.run();
