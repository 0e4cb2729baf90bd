import { execFileSync, spawnSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { collectGarbage } from '../src/image/collect.ts';
import { importImage } from '../src/image/import.ts';
import { ImageStore } from '../src/image/store.ts';
import { dockerManifest } from '../src/oci/forms.ts';
import { mediaTypes } from '../src/oci/media-types.ts';
import type { PushEvent } from '../src/registry/progress.ts';
import { pull } from '../src/registry/pull.ts';
import { type PushOptions, push } from '../src/registry/push/push.ts';
import { archive } from './support/archive.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { dockerd } from './support/dockerd.ts';
import { faultProxy } from './support/fault-proxy.ts';
import { digestOf, faultyRegistry, testImage } from './support/faulty-registry.ts';
import { minidockPath, sandbox } from './support/minidock.ts';
import { registry } from './support/registry.ts';
import { requires } from './support/requires.ts';

const test = requires('root', 'docker-registry', 'skopeo');
const withDocker = requires('root', 'docker-registry', 'skopeo', 'dockerd', 'docker', 'curl');
const nothing = { daemonConfig: '/nonexistent', dockerConfig: '/nonexistent', retryDelayMs: 1 };
const schema2 = 'application/vnd.docker.distribution.manifest.v2+json';
const bb = await busyboxImage();

/** A tar that compresses by half, the same each time. */
const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16)).update(Buffer.alloc(1_500_000));
const content = await archive([{ name: 'noise', content: Buffer.concat([noise, Buffer.alloc(1_500_000)]) }]);

async function imported(name: string, bytes = content): Promise<{ root: string; id: string }> {
  const root = temporaryFolder('root');
  const { id } = await importImage({ root, source: Readable.from([bytes]), reference: name });
  return { root, id };
}

async function pushed(root: string, name: string, options: Partial<PushOptions> = {}) {
  const phases = new Set<string>();
  const onProgress = (event: PushEvent) => void (event.kind === 'layer' && phases.add(event.phase));
  const [result] = await push(name, { root, ...nothing, ...options, onProgress });
  return { ...result!, phases: [...phases].filter(phase => !['Preparing', 'Waiting', 'Pushing'].includes(phase)) };
}

/** What a client gets that knows nothing but Docker's schema 2. */
async function schema2Manifest(host: string, name: string): Promise<{ raw: Buffer; layers: { digest: string }[] }> {
  const [repository, tag] = name.split(':');
  const response = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, { headers: { accept: schema2 } });
  assert.is(response.status, 200);
  assert.is(response.headers.get('content-type'), schema2);
  const raw = Buffer.from(await response.arrayBuffer());
  const { layers } = JSON.parse(raw.toString());
  return { raw, layers };
}

async function blobOf(host: string, repository: string, digest: string): Promise<Buffer> {
  return Buffer.from(await (await fetch(`http://${host}/v2/${repository}/blobs/${digest}`)).arrayBuffer());
}

const partial = (root: string) => fs.readdirSync(path.join(root, 'images/.partial'));

withDocker(
  'what import made is pushed as Docker pushes it: docker, skopeo and a client of schema 2 alone read it',
  async () => {
    const server = await registry();
    const daemon = await dockerd();
    const box = sandbox();
    const name = `${server.host}/team/bb:1`;
    const id = await box.ok(['import', '-c', 'CMD ["cat", "/www/index.html"]', bb.rootfs, name]);
    const said = await box.ok(['push', name]);
    assert.match(
      said,
      /^The push refers to repository \[.*\/team\/bb\]\n(\w{12}: (Preparing|Pushed)\n){2}1: digest: sha256:/,
    );
    const curl = (...args: string[]) => execFileSync('curl', ['-sf', ...args]).toString();
    const manifest = curl('-H', `Accept: ${schema2}`, `${server.url}/v2/team/bb/manifests/1`);
    assert.match(said, `digest: ${digestOf(Buffer.from(manifest))} size: ${manifest.length}`);
    assert.equal(
      JSON.parse(manifest).layers.map(({ mediaType }: { mediaType: string }) => mediaType),
      [mediaTypes.dockerLayerGzip],
    );
    assert.is(JSON.parse(daemon.docker(['manifest', 'inspect', '--insecure', name])).config.digest, id);
    daemon.docker(['pull', '-q', name]);
    assert.is(daemon.docker(['image', 'inspect', '-f', '{{.Id}}', name]), id);
    assert.match(daemon.docker(['run', '--rm', '--network', 'none', name]), /served by busybox/);
    const inspected = spawnSync('skopeo', ['inspect', '--tls-verify=false', `docker://${name}`], { encoding: 'utf8' });
    assert.is(JSON.parse(inspected.stdout).Digest, digestOf(Buffer.from(manifest)));
    assert.equal(JSON.parse(await box.ok(['inspect', '-f', '{{json .RepoDigests}}', name])), [
      `${server.host}/team/bb@${digestOf(Buffer.from(manifest))}`,
    ]);
  },
);

withDocker(
  'what came in Docker’s archive is pushed as Docker pushes it; the manifest is laid out like its own',
  async () => {
    const server = await registry();
    const daemon = await dockerd();
    const box = sandbox();
    const theirs = `${server.host}/theirs:1`;
    daemon.docker(['import', bb.rootfs, theirs]);
    daemon.docker(['push', '-q', theirs]);
    const file = path.join(temporaryFolder('saved'), 'docker.tar');
    daemon.docker(['save', '-o', file, theirs]);
    await box.ok(['load', '-q', '-i', file]);
    const ours = `${server.host}/ours:1`;
    await box.ok(['tag', theirs, ours]);
    await box.ok(['push', '-q', ours]);
    const { raw, layers } = await schema2Manifest(server.host, 'ours:1');
    const [layer] = layers;
    assert.is(
      digestOf(gunzipSync(await blobOf(server.host, 'ours', layer!.digest))),
      digestOf(fs.readFileSync(bb.rootfs)),
    );
    const id = daemon.docker(['image', 'inspect', '-f', '{{.Id}}', theirs]);
    daemon.docker(['rmi', theirs]);
    daemon.docker(['pull', '-q', ours]);
    assert.is(daemon.docker(['image', 'inspect', '-f', '{{.Id}}', ours]), id);
    for (const manifest of [raw, (await schema2Manifest(server.host, 'theirs:1')).raw]) {
      const parsed = JSON.parse(manifest.toString());
      assert.is(dockerManifest(parsed.config, parsed.layers).content.toString(), manifest.toString());
    }
  },
);

test('a layer is compressed once: the same bytes each time, known to the next push, mounted elsewhere', async () => {
  const first = await registry();
  const name = `${first.host}/app:1`;
  const { root } = await imported(name);
  const made = await pushed(root, name);
  assert.equal(made.phases, ['Compressing', 'Pushed']);
  const [layer] = (await schema2Manifest(first.host, 'app:1')).layers;
  const blob = await blobOf(first.host, 'app', layer!.digest);
  // RFC 1952: ID1, ID2, CM, no flags (so no name), MTIME 0.
  assert.is(blob.subarray(0, 8).toString('hex'), '1f8b080000000000');
  assert.equal(gunzipSync(blob), content);
  assert.equal(await pushed(root, name), { ...made, phases: ['Layer already exists'] });
  await new ImageStore(root).tag(name, `${first.host}/other:1`);
  assert.equal(await pushed(root, `${first.host}/other:1`), { ...made, phases: ['Mounted from app'] });
  const second = await registry();
  await new ImageStore(root).tag(name, `${second.host}/app:1`);
  assert.equal(
    await pushed(root, `${second.host}/app:1`),
    made,
    'to another registry: compressed again, the same digest',
  );
  const twin = await imported(`${second.host}/twin:1`);
  assert.equal((await pushed(twin.root, `${second.host}/twin:1`)).phases, ['Compressing', 'Pushed']);
  assert.equal((await schema2Manifest(second.host, 'twin:1')).layers[0], layer, 'another engine makes the same bytes');
  assert.equal(partial(root), []);
});

for (const program of ['xz', 'bzip2', 'zstd'] as const)
  requires(
    'root',
    'docker-registry',
    program,
  )(`what came compressed with ${program} is pushed with gzip`, async () => {
    const server = await registry();
    const { root } = await imported(
      `${server.host}/app:1`,
      execFileSync(program, ['-c'], { input: content, maxBuffer: 1 << 26 }),
    );
    assert.equal((await pushed(root, `${server.host}/app:1`)).phases, ['Compressing', 'Pushed']);
    const [layer] = (await schema2Manifest(server.host, 'app:1')).layers;
    assert.equal(gunzipSync(await blobOf(server.host, 'app', layer!.digest)), content);
  });

test('what came compressed with gzip is pushed as it came', async () => {
  const server = await registry();
  const packed = gzipSync(content);
  const { root } = await imported(`${server.host}/app:1`, packed);
  assert.equal((await pushed(root, `${server.host}/app:1`)).phases, ['Pushed']);
  assert.is((await schema2Manifest(server.host, 'app:1')).layers[0]!.digest, digestOf(packed));
});

test('what was pulled keeps its manifest, uncompressed layers too, alone and out of an index', async () => {
  const source = await faultyRegistry();
  const plain = testImage([content], ({ manifest }) => {
    manifest.mediaType = mediaTypes.ociManifest;
    manifest.config.mediaType = mediaTypes.ociConfig;
    manifest.layers[0].mediaType = mediaTypes.ociLayer;
  });
  plain.mediaType = mediaTypes.ociManifest;
  source.put('app:1', plain);
  const platform = { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch };
  const entry = { mediaType: plain.mediaType, digest: digestOf(plain.manifest), size: plain.manifest.length, platform };
  const index = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [entry] });
  source.intercept = ({ url }, response) => {
    if (url !== '/v2/app/manifests/index') return false;
    response.writeHead(200, { 'content-type': mediaTypes.ociIndex }).end(index);
    return true;
  };
  for (const tag of ['1', 'index']) {
    const root = temporaryFolder('root');
    await pull(`${source.host}/app:${tag}`, { root, ...nothing });
    const target = await registry();
    await new ImageStore(root).tag(`${source.host}/app:${tag}`, `${target.host}/copy:1`);
    const { phases, digest } = await pushed(root, `${target.host}/copy:1`);
    assert.equal([phases, digest], [['Pushed'], digestOf(plain.manifest)]);
    assert.is((await pushed(root, `${target.host}/copy:1`)).digest, digest);
  }
});

test('saved and loaded, an image is pushed as it would have been: made here, pulled from Docker, pulled from OCI', async () => {
  const server = await registry();
  const copy = (format: string) =>
    spawnSync('skopeo', [
      ...['--insecure-policy', 'copy', '-q', '--dest-tls-verify=false', '--format', format],
      ...[`oci:${bb.layout}:${bb.tag}`, `docker://${server.host}/${format}:1`],
    ]);
  copy('oci');
  const box = sandbox();
  await box.ok(['import', bb.rootfs, `${server.host}/made:1`]);
  await box.ok(['push', '-q', `${server.host}/made:1`]);
  await box.ok(['pull', '-q', `${server.host}/oci:1`]);
  // As Docker lays a manifest out, with layers of the registry's.
  const { config, layers } = JSON.parse(
    new ImageStore(box.root).layout
      .read(new ImageStore(box.root).get(`${server.host}/oci:1`).manifestDigest, 1 << 20)
      .toString(),
  );
  const docker = dockerManifest(config, layers).content;
  const headers = { 'content-type': schema2 };
  assert.is(
    (await fetch(`${server.url}/v2/oci/manifests/docker`, { method: 'PUT', headers, body: docker })).status,
    201,
  );
  const engine = sandbox();
  await engine.ok(['pull', '-q', `${server.host}/oci:docker`]);
  const [one, two] = [path.join(box.folder, 'one.tar'), path.join(box.folder, 'two.tar')];
  await box.ok(['save', '-o', one, `${server.host}/made:1`, `${server.host}/oci:1`]);
  await engine.ok(['save', '-o', two, `${server.host}/oci:docker`]);
  const other = await registry();
  const digestAt = async (host: string, name: string) => {
    const [repository, tag] = name.split(':');
    const accept = `${schema2}, ${mediaTypes.ociManifest}`;
    const response = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, { headers: { accept } });
    return response.headers.get('docker-content-digest');
  };
  for (const [file, names] of [
    [one, ['made:1', 'oci:1']],
    [two, ['oci:docker']],
  ] as const) {
    const fresh = sandbox();
    await fresh.ok(['load', '-q', '-i', file]);
    for (const name of names) {
      await fresh.ok(['tag', `${server.host}/${name}`, `${other.host}/${name}`]);
      await fresh.ok(['push', '-q', `${other.host}/${name}`]);
      assert.is(await digestAt(other.host, name), await digestAt(server.host, name), name);
    }
  }
});

test('a registry that takes no pushes says so before anything is compressed', async () => {
  const server = await faultyRegistry();
  server.intercept = ({ method }, response) => {
    response.writeHead(method === 'HEAD' ? 404 : 403).end();
    return true;
  };
  const name = `${server.host}/app:1`;
  const { root } = await imported(name);
  const phases: string[] = [];
  const onProgress = (event: PushEvent) => void (event.kind === 'layer' && phases.push(event.phase));
  const error = await push(name, { root, ...nothing, onProgress }).catch(error => error);
  assert.is(error.code, 'access-denied');
  assert.not.ok(phases.includes('Compressing'));
});

test('a layer that is damaged here is not pushed, whatever its size', async () => {
  const server = await registry();
  const { root } = await imported(`${server.host}/app:1`);
  const blob = path.join(root, 'images/blobs/sha256', digestOf(content).slice(7));
  const bytes = fs.readFileSync(blob);
  bytes[1_000_000]! ^= 1;
  fs.writeFileSync(blob, bytes);
  const error = await pushed(root, `${server.host}/app:1`).catch(error => error);
  assert.is(error.code, 'corrupt-store');
  assert.match(error.message, /^.* is damaged: it unpacks to sha256:\w+, not to sha256:\w+$/);
  assert.equal(partial(root), []);
  const { status } = await fetch(`${server.url}/v2/app/manifests/1`, { headers: { accept: schema2 } });
  assert.is(status, 404);
});

test('Ctrl-C while a layer is compressed leaves nothing; what a killed push leaves, a collection removes', async () => {
  const target = await faultProxy(await registry());
  const name = `${target.host}/app:1`;
  const { root } = await imported(name);
  const stop = new AbortController();
  const onProgress = (event: PushEvent) => {
    if (event.kind === 'layer' && event.phase === 'Compressing') stop.abort(new Error('stopped'));
  };
  const error = await push(name, { root, ...nothing, signal: stop.signal, onProgress }).catch(error => error);
  assert.is(error.message, 'stopped');
  assert.equal(partial(root), []);
  // Killed when its bytes begin to come: the file is there then.
  let kill = () => {};
  target.intercept = ({ method }) => {
    if (method !== 'PATCH') return false;
    kill();
    return true;
  };
  const roots = { MINIDOCK_ROOT: root, MINIDOCK_EXEC_ROOT: temporaryFolder('run') };
  const env = { ...roots, MINIDOCK_CONFIG: '/dev/null', NODE_EXTRA_CA_CERTS: '' };
  const child = execa(minidockPath, ['push', name], { env, reject: false });
  kill = () => child.kill('SIGKILL');
  await child;
  assert.is(partial(root).length, 1);
  await collectGarbage(root, new ImageStore(root).layout);
  assert.equal(partial(root), []);
});

test.run();
