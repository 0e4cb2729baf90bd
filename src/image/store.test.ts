import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Digest } from '../oci/digest.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import { parseReference } from '../oci/reference.ts';
import { collect } from './collect.ts';
import { addImage } from './create.ts';
import { type ImageRecord, ImageStore } from './store.ts';

let root = '';
let store: ImageStore;
test.before.each(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-store-'));
  store = new ImageStore(root);
});
test.after.each(() => fs.rmSync(root, { recursive: true }));

/** An image without layers; `nth` makes it another one, and a newer one. */
function add(nth: number, name?: string, digest?: Digest): Promise<ImageRecord> {
  const image: ImageConfig = {
    architecture: 'amd64',
    os: 'linux',
    created: `2020-01-0${nth}T00:00:00Z`,
    config: {},
    rootfs: { type: 'layers', diff_ids: [] },
    history: [],
  };
  const reference = name === undefined ? undefined : parseReference(name);
  return addImage(store, image, [], reference && { ...reference, ...(digest ? { digest } : {}) });
}

const digest = (digit: string): Digest => `sha256:${digit.repeat(64)}`;

test('an empty store has no images and makes no files', () => {
  assert.equal(store.list(), []);
  assert.is(store.find('nginx'), undefined);
  assert.throws(() => store.get('nginx'), /^No such image: nginx$|No such image: nginx/);
  assert.equal(fs.readdirSync(root), []);
});

test('a store that was open to all is shut where it is opened', () => {
  const directories = [root, path.join(root, 'images')];
  for (const directory of directories) {
    fs.mkdirSync(directory, { recursive: true });
    fs.chmodSync(directory, 0o755);
  }
  new ImageStore(root);
  assert.equal(
    directories.map(directory => fs.statSync(directory).mode & 0o7777),
    [0o710, 0o710],
  );
});

test('an image is found by name, id, beginning of the id and digest', async () => {
  const { id } = await add(1, 'nginx:alpine', digest('a'));
  for (const key of [
    ...['nginx:alpine', 'library/nginx:alpine', 'docker.io/library/nginx:alpine', `nginx@${digest('a')}`],
    ...[id, id.slice(7), id.slice(0, 12), id.slice(7, 10)],
  ]) {
    assert.is(store.find(key)?.id, id, key);
  }
  for (const key of ['nginx', 'other/nginx:alpine', digest('b'), `nginx@${digest('b')}`, 'sha256:zz']) {
    assert.is(store.find(key), undefined, key);
  }
  assert.throws(() => store.find('Nginx'), /must be lowercase/);
});

test('a name goes before the beginning of an id; one that fits two images is ambiguous', async () => {
  const ids = new Map<string, ImageRecord[]>();
  for (let nth = 1; nth <= 9; nth++) {
    const image = await add(nth);
    ids.set(image.id[7]!, [...(ids.get(image.id[7]!) ?? []), image]);
  }
  const [digit] = [...ids].find(([, images]) => images.length > 1) ?? [];
  assert.ok(digit !== undefined, 'no two ids begin alike: choose other images');
  assert.throws(() => store.find(digit), /image id . is ambiguous/);
  const named = await add(1, `${digit}:latest`);
  assert.is(store.find(digit)?.id, named.id);
});

test('a tag moves to the newer image; the older one stays without a name', async () => {
  const old = await add(1, 'app:1', digest('a'));
  const young = await add(2, 'app:1', digest('b'));
  assert.is(store.get('app:1').id, young.id);
  assert.equal(
    store.list().map(({ id, repoTags, repoDigests }) => [id, repoTags, repoDigests]),
    [
      [young.id, ['app:1'], [`app@${digest('b')}`]],
      [old.id, [], [`app@${digest('a')}`]],
    ],
  );
});

test('the same image again is one entry', async () => {
  await add(1, 'app:1', digest('a'));
  await add(1, 'app:1', digest('a'));
  assert.is(store.layout.entries().length, 1);
});

test('tag gives another name to the same image', async () => {
  const { id } = await add(1, 'app:1', digest('a'));
  await store.tag('app:1', 'localhost:5000/team/app');
  assert.equal(store.get(id).repoTags, ['app:1', 'localhost:5000/team/app:latest']);
  assert.equal(store.get(id).repoDigests, [`app@${digest('a')}`]);
  for (const [source, target, message] of [
    ['app:1', `app@${digest('a')}`, /digest reference/],
    ['app:1', 'App', /lowercase/],
    ['nothing', 'app:2', /No such image: nothing/],
  ] as const) {
    let error: Error | undefined;
    await store.tag(source, target).catch(e => {
      error = e;
    });
    assert.match(error?.message ?? '', message);
  }
});

test('the store is an OCI image layout', async () => {
  await add(1, 'app:1');
  assert.equal(JSON.parse(fs.readFileSync(path.join(root, 'images/oci-layout'), 'utf8')), {
    imageLayoutVersion: '1.0.0',
  });
  const index = JSON.parse(fs.readFileSync(path.join(root, 'images/index.json'), 'utf8'));
  assert.is(index.schemaVersion, 2);
  assert.is(index.manifests[0].annotations['org.opencontainers.image.ref.name'], 'docker.io/library/app:1');
});

test('an image that is removed while it is read is not there; a broken one is an error', async () => {
  const { id } = await add(1, 'app:1');
  const index = path.join(root, 'images/index.json');
  const content = fs.readFileSync(index);
  for (const read of [() => store.find('app:1'), () => store.list()[0]]) {
    const layout = store.layout as { readText: unknown };
    const original = layout.readText;
    layout.readText = () => {
      layout.readText = original;
      fs.writeFileSync(index, '{"schemaVersion":2,"manifests":[]}');
      throw new Error('the blob is missing');
    };
    assert.is(read(), undefined);
    fs.writeFileSync(index, content);
  }
  fs.rmSync(path.join(root, 'images/blobs/sha256', id.slice(7)));
  assert.throws(() => store.find('app:1'), /is missing/);
  assert.throws(() => store.list(), /is missing/);
});

test('many processes’ worth of changes at once lose nothing', async () => {
  await Promise.all(Array.from({ length: 9 }, (_, i) => add(i + 1, `app:${i}`)));
  assert.is(new ImageStore(root).list().length, 9);
});

test('what nobody needs is collected, what an image needs stays, and an image without its parts is not entered', async () => {
  const { id, manifestDigest } = await add(1, 'app:1');
  const orphan = store.layout.write(Buffer.from('orphan'));
  await collect(root, store.layout, { blobs: [id, manifestDigest, orphan], layers: [] });
  assert.equal([store.layout.has(id), store.layout.has(manifestDigest), store.layout.has(orphan)], [true, true, false]);
  const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: orphan, size: 6 };
  const image: ImageConfig = {
    ...{ architecture: 'amd64', os: 'linux', created: '2020-01-01T00:00:00Z', config: {}, history: [] },
    rootfs: { type: 'layers', diff_ids: [digest('c')] },
  };
  const error = await addImage(store, image, [layer], undefined).catch(e => e);
  assert.is(error.code, 'incomplete-image');
  assert.is(store.list().length, 1);
});

test.run();
