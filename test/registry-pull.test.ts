// @mounts-nothing its subject is what is fetched
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { ImageStore } from '../src/image/store.ts';
import { blobPath, type Digest } from '../src/oci/digest.ts';
import { inspectManifest } from '../src/registry/inspect-manifest.ts';
import { type PullEvent, type PullOptions, pull } from '../src/registry/pull.ts';
import { serve } from '../src/registry/server/serve.ts';
import { snapshot } from './support/canary.ts';
import { onExit, temporaryFolder } from './support/cleanup.ts';
import { digestOf } from './support/faulty-registry.ts';
import { sandbox } from './support/minidock.ts';
import { type Registry, registry } from './support/registry.ts';
import { checkout, requires } from './support/requires.ts';

const test = requires('root', 'docker-registry', 'skopeo');
const image = await busyboxImage();
const source = `oci:${image.layout}:${image.tag}`;

function skopeo(...args: string[]): string {
  const result = spawnSync('skopeo', ['--insecure-policy', ...args], { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (result.status !== 0) throw new Error(`skopeo ${args.join(' ')}: ${result.stderr || result.error}`);
  return result.stdout;
}

function push(target: Registry, name: string, ...options: string[]): void {
  skopeo('copy', '-q', '--dest-tls-verify=false', ...options, source, `docker://${target.host}/${name}`);
}

/** The manifest as the registry has it, byte for byte. */
function rawManifest(target: Registry, name: string): string {
  return skopeo('inspect', '--raw', '--tls-verify=false', `docker://${target.host}/${name}`);
}

function pullInto(root: string, name: string, options: Partial<PullOptions> = {}) {
  return pull(name, { root, daemonConfig: '/nonexistent', dockerConfig: '/nonexistent', ...options });
}

for (const format of ['oci', 'v2s2']) {
  test(`what skopeo pushed as ${format} is pulled bit by bit`, async () => {
    const server = await registry();
    push(server, 'deep/er/app:1.0', '--format', format);
    const root = temporaryFolder('root');
    const name = `${server.host}/deep/er/app:1.0`;
    const { image: record, digest, changed } = await pullInto(root, name);
    assert.ok(changed);
    const raw = rawManifest(server, 'deep/er/app:1.0');
    assert.is(digest, digestOf(Buffer.from(raw)));
    const manifest = JSON.parse(raw);
    const layout = path.join(root, 'images');
    for (const { digest, size } of [manifest.config, ...manifest.layers]) {
      const content = fs.readFileSync(blobPath(layout, digest as Digest));
      assert.is(content.length, size);
      assert.is(digestOf(content), digest);
    }
    assert.is(record.id, manifest.config.digest);
    assert.equal(record.repoTags, [name]);
    assert.equal(record.repoDigests, [`${server.host}/deep/er/app@${digest}`]);

    const store = new ImageStore(root);
    for (const key of [name, record.id, record.id.slice(7), record.id.slice(7, 15), record.repoDigests[0]!]) {
      assert.is(store.find(key)?.id, record.id, key);
    }
    const events: PullEvent[] = [];
    const onProgress = (event: PullEvent) => events.push(event);
    const canonical = `${server.host}/deep/er/app@${digest}`;
    const byDigest = await pullInto(temporaryFolder('root'), canonical, { onProgress });
    assert.equal([byDigest.image.id, byDigest.image.repoTags], [record.id, []]);
    assert.is(events[0]?.kind === 'pulling' && events[0].tag, canonical);
    events.length = 0;
    const again = await pullInto(root, name, { onProgress });
    assert.not.ok(again.changed);
    assert.equal(
      events.map(({ kind }) => kind),
      ['pulling', 'digest'],
    );
    assert.is(store.list().length, 1);
    // Others read the store: it is an OCI layout. (skopeo looks for OCI manifests only there.)
    if (format === 'oci')
      assert.is(JSON.parse(skopeo('inspect', '--raw', `oci:${layout}:${name}`)).config.digest, record.id);
  });
}

requires(
  'root',
  'docker-registry',
  'skopeo',
  'overlayfs',
)('its layers, mounted, are the root filesystem', async () => {
  const server = await registry();
  push(server, 'app:1');
  const root = temporaryFolder('root');
  const { image: record } = await pullInto(root, `${server.host}/app:1`);
  const merged = path.join(root, 'merged');
  const reference = path.join(root, 'reference');
  for (const folder of ['merged', 'reference', 'upper', 'work']) fs.mkdirSync(path.join(root, folder));
  // The image's builder made the same tree without layers; tar unpacks it.
  assert.is(spawnSync('tar', ['-xpf', image.rootfs, '-C', reference, '--numeric-owner']).status, 0);
  const lower = record.layers
    .map(layer => path.relative(root, layer))
    .reverse()
    .join(':');
  const options = `lowerdir=${lower},upperdir=upper,workdir=work`;
  assert.is(spawnSync('mount', ['-t', 'overlay', 'overlay', '-o', options, merged], { cwd: root }).status, 0);
  onExit(() => spawnSync('umount', [merged]));
  const described = (tree: string) =>
    snapshot(tree)
      .map(line => line.replace(/ inode=\d+| links=\d+/g, ''))
      .slice(1);
  assert.equal(described(merged), described(reference));
});

test('an index is pulled for the platform that was asked for, and named by the digest of the index', async () => {
  const server = await registry();
  push(server, 'app:1');
  const manifest = rawManifest(server, 'app:1');
  const entry = (architecture: string) => ({
    mediaType: JSON.parse(manifest).mediaType ?? 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf(Buffer.from(manifest)),
    size: Buffer.byteLength(manifest),
    platform: { os: 'linux', architecture },
  });
  const index = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [entry('amd64'), entry('arm64')],
  });
  const response = await fetch(`${server.url}/v2/app/manifests/multi`, {
    method: 'PUT',
    body: index,
    headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' },
  });
  assert.is(response.status, 201);
  const root = temporaryFolder('root');
  const { image: record, digest } = await pullInto(root, `${server.host}/app:multi`);
  assert.is(digest, digestOf(Buffer.from(index)));
  assert.equal(record.repoDigests, [`${server.host}/app@${digest}`]);
  const error = await pullInto(root, `${server.host}/app:multi`, {
    platform: { os: 'linux', architecture: 'riscv64' },
  }).catch(error => error);
  assert.match(
    error.message,
    /^no matching manifest for linux\/riscv64 in .*, which offers linux\/amd64, linux\/arm64$/,
  );
});

test('a manifest of schema 1 is said to be one', async () => {
  const server = await registry({ compatibility: { schema1: { enabled: true } } });
  push(server, 'old:1', '--format', 'v2s1');
  const root = temporaryFolder('root');
  const words = /^manifest of .*\/old:1 has schema version 1, Docker's format before 2016, which is not supported$/;
  const options = { root, daemonConfig: '/nonexistent', dockerConfig: '/nonexistent' };
  for (const read of [pull, inspectManifest]) {
    const error = await read(`${server.host}/old:1`, options).then(
      () => new Error('it did not fail'),
      (error: Error) => error,
    );
    assert.match(error.message, words);
  }
});

test('what is not there is said in Docker’s words', async () => {
  const server = await registry();
  push(server, 'app:1');
  for (const name of ['app:2', 'nothing:1']) {
    const error = await pullInto(temporaryFolder('root'), `${server.host}/${name}`).catch(error => error);
    assert.is(error.message, `manifest for ${server.host}/${name} not found: manifest unknown: manifest unknown`);
  }
  server.stop();
  const error = await pullInto(temporaryFolder('root'), `${server.host}/app:1`).catch(error => error);
  assert.is(error.message, `cannot pull ${server.host}/app:1: ${server.host}: connection refused`);
});

test('basic authentication with the credentials of docker login', async () => {
  const folder = temporaryFolder('auth');
  // bcrypt of "secret".
  const hash = spawnSync('perl', ['-e', 'print crypt("secret", "\\$2y\\$05\\$abcdefghijklmnopqrstuu")'], {
    encoding: 'utf8',
  }).stdout;
  fs.writeFileSync(path.join(folder, 'htpasswd'), `student:${hash}\n`);
  const server = await registry({ auth: { htpasswd: { realm: 'classroom', path: path.join(folder, 'htpasswd') } } });
  push(server, 'app:1', '--dest-creds', 'student:secret');
  const login = (password: string) => {
    const file = path.join(folder, `${password}.json`);
    const auth = Buffer.from(`student:${password}`).toString('base64');
    fs.writeFileSync(file, JSON.stringify({ auths: { [server.host]: { auth } } }));
    return { dockerConfig: file };
  };
  const name = `${server.host}/app:1`;
  assert.equal((await pullInto(temporaryFolder('root'), name, login('secret'))).image.repoTags, [name]);
  for (const options of [login('wrong'), {}]) {
    const error = await pullInto(temporaryFolder('root'), name, options).catch(error => error);
    assert.match(error.message, /^pull access denied for .*, repository does not exist or may require 'docker login'/);
  }
});

test('processes that pull the same image at once do the work once', async () => {
  const server = await registry();
  push(server, 'app:1');
  const root = temporaryFolder('root');
  const code = `import { pull } from ${JSON.stringify(path.join(checkout, 'src/registry/pull.ts'))};
    pull(process.argv[1], { root: process.argv[2], daemonConfig: '/nonexistent' }).catch(error => { console.error(error); process.exit(1); });`;
  const statuses = await Promise.all(
    Array.from(
      { length: 3 },
      () =>
        new Promise<number | null>(done => {
          const args = ['--import', 'tsx', '--input-type=module', '-e', code, `${server.host}/app:1`, root];
          spawn(process.execPath, args, { cwd: checkout, stdio: ['ignore', 'inherit', 'inherit'] }).on('close', done);
        }),
    ),
  );
  assert.equal(statuses, [0, 0, 0]);
  const { layers } = JSON.parse(rawManifest(server, 'app:1'));
  for (const { digest } of layers) {
    assert.is(server.log().split(`"GET /v2/app/blobs/${digest} `).length - 1, 1, digest);
  }
  assert.is(new ImageStore(root).list().length, 1);
});

test('skopeo and minidock pull from the embedded registry what minidock has pulled', async () => {
  const server = await registry();
  push(server, 'library/app:1');
  const root = temporaryFolder('root');
  const { image: record, digest } = await pullInto(root, `${server.host}/library/app:1`);
  const embedded = await serve({ layout: path.join(root, 'images') });
  onExit(() => void embedded.close());
  const folder = temporaryFolder('copy');
  // Not spawnSync: the server answers from this process.
  const copy = spawn(
    'skopeo',
    ['--insecure-policy', 'copy', '-q', '--src-tls-verify=false', `docker://${embedded.host}/app:1`, `oci:${folder}:x`],
    { stdio: 'inherit' },
  );
  assert.is(await new Promise(done => copy.on('close', done)), 0);
  assert.is(JSON.parse(fs.readFileSync(path.join(folder, 'index.json'), 'utf8')).manifests[0].digest, digest);
  const daemonConfig = path.join(root, 'daemon.json');
  fs.writeFileSync(daemonConfig, JSON.stringify({ 'registry-mirrors': [embedded.url] }));
  const other = await pullInto(temporaryFolder('root'), 'app:1', { daemonConfig });
  assert.equal([other.image.id, other.image.repoTags], [record.id, ['app:1']]);
  await embedded.close();
});

/** Blob of the lowest layer of the one image in a layout. */
function bottomLayer(layout: string): string {
  const blob = (digest: string) => path.join(layout, 'blobs/sha256', digest.slice(7));
  const read = (file: string) => JSON.parse(fs.readFileSync(file, 'utf8'));
  const [image] = read(path.join(layout, 'index.json')).manifests;
  return blob(read(blob(image.digest)).layers[0].digest);
}

requires(
  'root',
  'busybox',
  'overlayfs',
  'docker-registry',
  'skopeo',
)('ps -f ancestor: what was pulled names no parent, its layers do', async () => {
  const box = sandbox();
  const server = await registry();
  push(server, 'three');
  await box.ok(['pull', '-q', `${server.host}/three`]);
  await box.ok(['run', '--network', 'none', '--name', 'of-three', `${server.host}/three`, 'true']);
  const base = await box.ok(['import', bottomLayer(image.layout), 'base']);
  const ask = (ancestor: string) => box.ok(['ps', '-af', `ancestor=${ancestor}`, '--format', '{{.Names}}']);
  assert.is(await ask('base'), 'of-three');
  assert.is(await ask(base), 'of-three');
  assert.is(await ask(`${server.host}/three`), 'of-three');
  await box.ok(['run', '--network', 'none', '--name', 'of-base', 'base', '/bin/true']);
  assert.is(await ask(`${server.host}/three`), 'of-three');
  await box.ok(['rm', 'of-three', 'of-base']);
});

test.run();
