import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cached } from './cache.ts';

const folder = mkdtempSync(join(tmpdir(), 'minidock-image-cache-'));
const before = process.env.MINIDOCK_IMAGE_CACHE;
process.env.MINIDOCK_IMAGE_CACHE = folder;
test.after(() => {
  if (before === undefined) delete process.env.MINIDOCK_IMAGE_CACHE;
  else process.env.MINIDOCK_IMAGE_CACHE = before;
  rmSync(folder, { recursive: true });
});

/** Makes a layout with one blob, and the files beside it; counts how often. */
function maker(...beside: string[]) {
  const made = { times: 0 };
  const build = async (root: string) => {
    made.times++;
    mkdirSync(join(root, 'oci/blobs/sha256'), { recursive: true });
    writeFileSync(join(root, 'oci/index.json'), '{}');
    writeFileSync(join(root, 'oci/blobs/sha256', createHash('sha256').update('blob').digest('hex')), 'blob');
    for (const file of beside) writeFileSync(join(root, file), '');
  };
  return { made, build };
}

test('an image is made once, also one that has nothing beside its layout', async () => {
  const tar = maker('rootfs.tar');
  const bare = maker();
  for (let i = 0; i < 2; i++) {
    await cached('tar', ['1'], tar.build);
    await cached('bare', ['1'], bare.build, []);
  }
  assert.equal([tar.made.times, bare.made.times], [1, 1]);
});

test('it is made again when a file is missing, a blob is broken, or its recipe is another', async () => {
  const { made, build } = maker('rootfs.tar');
  const again = (recipe: string) => cached('again', [recipe], build);
  rmSync(join(await again('1'), 'rootfs.tar'));
  const blobs = join(await again('1'), 'oci/blobs/sha256');
  assert.is(made.times, 2);
  writeFileSync(join(blobs, readdirSync(blobs)[0]!), 'blub');
  await again('1');
  assert.is(made.times, 3);
  await again('2');
  assert.is(made.times, 4);
  assert.is(readdirSync(folder).filter(name => name.startsWith('again-')).length, 1);
});

test.run();
