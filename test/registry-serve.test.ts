import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { archive, gzipped } from './support/archive.ts';
import { endProcesses, onExit, temporaryFolder } from './support/cleanup.ts';
import { dockerd } from './support/dockerd.ts';
import { eventually } from './support/eventually.ts';
import { digestOf, type TestImage, testImage } from './support/faulty-registry.ts';
import { minidockPath, type Sandbox, sandbox } from './support/minidock.ts';
import { requires } from './support/requires.ts';

const test = requires('root', 'skopeo');

/** The servers would keep this process from its end. */
const stops: (() => void)[] = [];
test.after(() => {
  for (const stop of stops) stop();
});

interface Served {
  host: string;
  url: string;
  pid: number;
  output(): string;
  ended: Promise<number | null>;
}

/** `minidock registry serve` on a free port. */
async function served(box: Sandbox, ...flags: string[]): Promise<Served> {
  const log = path.join(box.folder, `serve-${Math.random()}.log`);
  const fd = fs.openSync(log, 'a');
  const env = { ...process.env, ...box.env };
  const child = spawn(minidockPath, ['registry', 'serve', '--port', '0', ...flags], { env, stdio: ['ignore', fd, fd] });
  fs.closeSync(fd);
  const pid = child.pid ?? 0;
  stops.push(onExit(() => endProcesses([pid])));
  const output = () => fs.readFileSync(log, 'utf8');
  const ended = new Promise<number | null>(resolve => child.once('close', resolve));
  const port = await eventually(() => /localhost:(\d+)/.exec(output())?.[1] ?? false, 10);
  return { host: `127.0.0.1:${port}`, url: `http://127.0.0.1:${port}`, pid, output, ended };
}

async function upload(url: string, repository: string, content: Buffer, digest = digestOf(content)): Promise<Response> {
  const begun = await fetch(`${url}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  assert.is(begun.status, 202);
  const at = new URL(begun.headers.get('location')!, url);
  at.searchParams.set('digest', digest);
  return fetch(at, { method: 'PUT', body: content });
}

async function putImage(url: string, name: string, image: TestImage): Promise<Response> {
  const [, repository, tag] = /^([^:]+):(.+)$/.exec(name) as unknown as [string, string, string];
  for (const blob of image.blobs.values()) assert.is((await upload(url, repository, blob)).status, 201);
  const headers = { 'content-type': image.mediaType };
  return fetch(`${url}/v2/${repository}/manifests/${tag}`, { method: 'PUT', body: image.manifest, headers });
}

const skopeo = (...args: string[]) => execa('skopeo', ['--insecure-policy', ...args]);

test('what skopeo pushes runs here, is listed, is pulled by another minidock; Ctrl-C ends it and leaves nothing', async () => {
  const image = await busyboxImage();
  const box = sandbox();
  const server = await served(box);
  await skopeo(
    'copy',
    '-q',
    '--dest-tls-verify=false',
    `oci:${image.layout}:${image.tag}`,
    `docker://${server.host}/team/app:1`,
  );
  const name = `localhost:${server.host.split(':')[1]}/team/app:1`;
  assert.match(await box.ok(['images', '--format', '{{.Repository}}:{{.Tag}}']), name);
  assert.is(await box.ok(['run', '--rm', '--net', 'none', name, 'echo', 'taught']), 'taught');
  const other = sandbox();
  const [one, two] = await Promise.all([
    other.ok(['pull', `${server.host}/team/app:1`]),
    other.ok(['pull', `${server.host}/team/app:1`]),
  ]);
  const digests = [one, two].map(text => /^Digest: (\S+)$/m.exec(text)?.[1]);
  const { stdout } = await skopeo('inspect', '--tls-verify=false', `docker://${server.host}/team/app:1`);
  assert.equal(digests, [JSON.parse(stdout).Digest, JSON.parse(stdout).Digest]);
  const layer = JSON.parse(stdout).Layers[0];
  assert.is(server.output().split(`GET /v2/team/app/blobs/${layer} 200`).length - 1, 1, 'two pulls share the work');
  await fetch(`${server.url}/v2/x/blobs/uploads/`, { method: 'POST' });
  process.kill(server.pid, 'SIGINT');
  assert.is(await server.ended, 0);
  assert.match(server.output(), /registry stopped\n$/);
  assert.equal(fs.readdirSync(path.join(box.root, 'images/.partial')), []);
});

requires(
  'root',
  'skopeo',
  'podman',
)('podman pushes and pulls', async () => {
  const image = await busyboxImage();
  const server = await served(sandbox());
  const folder = temporaryFolder('podman');
  const podman = (...args: string[]) =>
    execa('podman', ['--root', `${folder}/root`, '--runroot', `${folder}/run`, '--storage-driver', 'vfs', ...args]);
  const source = `${server.host}/source:1`;
  await skopeo('copy', '-q', '--dest-tls-verify=false', `oci:${image.layout}:${image.tag}`, `docker://${source}`);
  const id = (await podman('pull', '-q', '--tls-verify=false', source)).stdout;
  await podman('push', '-q', '--tls-verify=false', id, `${server.host}/pod:1`);
  await podman('rmi', '-f', id);
  assert.is((await podman('pull', '-q', '--tls-verify=false', `${server.host}/pod:1`)).stdout, id);
});

requires(
  'root',
  'skopeo',
  'dockerd',
  'docker',
)('docker 20.10 pushes and pulls, and digests are the same on both sides', async () => {
  const image = await busyboxImage();
  const server = await served(sandbox());
  const { docker } = await dockerd();
  const source = `${server.host}/source:1`;
  await skopeo('copy', '-q', '--dest-tls-verify=false', `oci:${image.layout}:${image.tag}`, `docker://${source}`);
  const digestIn = (text: string) => /sha256:[0-9a-f]{64}/.exec(text)?.[0];
  const first = digestIn(docker(['pull', source]));
  const student = sandbox();
  assert.is(digestIn(await student.ok(['pull', source])), first);
  // What docker pushes we pull.
  const pushed = `${server.host}/docker:1`;
  docker(['tag', source, pushed]);
  const theirs = digestIn(docker(['push', pushed]));
  assert.is(/^Digest: (.*)$/m.exec(await student.ok(['pull', pushed]))?.[1], theirs);
  const ids = docker(['images', '--no-trunc', '-q', pushed]);
  assert.is(await student.ok(['images', '--no-trunc', '-q', pushed]), ids);
  // What we push docker pulls.
  const ours = `${server.host}/ours:1`;
  await student.ok(['tag', pushed, ours]);
  const out = await student.ok(['push', ours]);
  assert.is(/^1: digest: (\S+) size/m.exec(out)?.[1], theirs);
  docker(['rmi', '-f', ids]);
  assert.is(/^Digest: (.*)$/m.exec(docker(['pull', ours]))?.[1], theirs);
  assert.is(docker(['images', '--no-trunc', '-q', ours]), ids);
});

test('an index is kept and served as it came; this machine takes its own image of it', async () => {
  const box = sandbox();
  const server = await served(box);
  const layer = await gzipped([{ name: 'etc/hostname', content: 'x\n' }]);
  const images = ['amd64', 'arm64'].map(architecture =>
    testImage([layer], ({ config }) => {
      config.architecture = architecture;
    }),
  );
  for (const image of images)
    assert.is((await putImage(server.url, `app:${digestOf(image.manifest)}`, image)).status, 201);
  const type = 'application/vnd.docker.distribution.manifest.list.v2+json';
  const index = JSON.stringify({
    schemaVersion: 2,
    mediaType: type,
    manifests: images.map((image, i) => ({
      mediaType: image.mediaType,
      digest: digestOf(image.manifest),
      size: image.manifest.length,
      platform: { os: 'linux', architecture: ['amd64', 'arm64'][i] },
    })),
  });
  const put = await fetch(`${server.url}/v2/app/manifests/multi`, {
    method: 'PUT',
    body: index,
    headers: { 'content-type': type },
  });
  assert.is(put.status, 201);
  assert.is(await (await fetch(`${server.url}/v2/app/manifests/multi`)).text(), index);
  const listed = await box.ok(['images', '--no-trunc', '--digests', '--format', '{{.Tag}} {{.Digest}}']);
  assert.is(listed, `multi ${digestOf(Buffer.from(index))}`);
  await box.ok(['image', 'prune', '-f']);
  const other = sandbox();
  const pulled = await other.ok(['pull', '--platform', 'linux/arm64', `${server.host}/app:multi`]);
  assert.match(pulled, `Digest: ${digestOf(Buffer.from(index))}`);
  const gone = await fetch(`${server.url}/v2/app/manifests/${digestOf(Buffer.from(index))}`, { method: 'DELETE' });
  assert.is(gone.status, 202);
  assert.is((await fetch(`${server.url}/v2/app/manifests/multi`)).status, 404);
});

test('what does not hold together is refused with the reason, and nothing of it is listed', async () => {
  const box = sandbox();
  const server = await served(box);
  const layer = await gzipped([{ name: 'etc/hostname', content: 'x\n' }]);
  const escaping = gzipSync(await archive([{ name: '../../escape', content: 'x' }]));
  const cases: [TestImage, number, RegExp][] = [
    [testImage([escaping]), 400, /climbs out|outside|refused/],
    [testImage([Buffer.from('no gzip at all')]), 400, /no valid tar/],
    [
      testImage([layer], ({ config }) => {
        config.rootfs.diff_ids = [`sha256:${'0'.repeat(64)}`];
      }),
      400,
      /unpacks to sha256:/,
    ],
    [
      testImage([layer], ({ config }) => {
        config.rootfs.diff_ids = [];
      }),
      400,
      /different numbers of layers/,
    ],
    [
      testImage([layer], ({ manifest }) => {
        manifest.layers[0].size += 1;
      }),
      400,
      /unknown to the registry, or has another size/,
    ],
    [
      testImage([layer], ({ manifest }) => {
        manifest.layers[0].digest = 'sha256:../../etc/passwd';
      }),
      400,
      /invalid digest/,
    ],
    [
      testImage([layer], ({ manifest }) => {
        manifest.manifests = [];
      }),
      400,
      /both a manifest and an index/,
    ],
    [
      testImage([layer], ({ manifest }) => {
        manifest.layers[0].mediaType = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
      }),
      400,
      /lies outside the registry/,
    ],
  ];
  for (const [image, status, message] of cases) {
    const response = await putImage(server.url, 'app:1', image);
    const [error] = ((await response.json()) as { errors: { message: string }[] }).errors;
    assert.is(response.status, status, error!.message);
    assert.match(error!.message, message);
  }
  assert.is((await upload(server.url, 'app', layer, `sha256:${'0'.repeat(64)}`)).status, 400);
  assert.is((await upload(server.url, 'app', layer, '../../x')).status, 400);
  for (const name of ['APP', 'a//b', '-a', 'a/../../b'.replace(/\.\./g, '%2e%2e'), 'a'.repeat(300)])
    assert.ok(
      [400, 404, 405].includes((await fetch(`${server.url}/v2/${name}/blobs/uploads/`, { method: 'POST' })).status),
      name,
    );
  assert.is(await box.ok(['images', '-q']), '');
  assert.equal(await (await fetch(`${server.url}/v2/_catalog`)).json(), { repositories: [] });
  assert.not.ok(fs.existsSync(path.join(box.folder, 'escape')));
});

test('the machine’s own images are served and are safe from pushes and deletion; --read-only takes nothing', async () => {
  const image = await busyboxImage();
  const box = sandbox();
  await box.ok(['import', image.rootfs, 'nginx:alpine']);
  const server = await served(box);
  assert.is((await fetch(`${server.url}/v2/nginx/manifests/alpine`)).status, 200);
  const other = testImage([await gzipped([{ name: 'evil', content: 'x' }])]);
  const refused = await putImage(server.url, 'library/nginx:alpine', other);
  assert.is(refused.status, 403);
  assert.match(await refused.text(), /is an image of this machine's own/);
  assert.is((await fetch(`${server.url}/v2/library/nginx/manifests/alpine`, { method: 'DELETE' })).status, 405);
  assert.is((await putImage(server.url, 'mine:1', other)).status, 201);
  assert.is((await fetch(`${server.url}/v2/mine/blobs/${other.layers[0]}`, { method: 'DELETE' })).status, 405);
  assert.is((await fetch(`${server.url}/v2/mine/manifests/1`, { method: 'DELETE' })).status, 202);
  assert.is((await fetch(`${server.url}/v2/mine/tags/list`)).status, 404);
  const readOnly = await served(box, '--read-only');
  assert.is((await fetch(`${readOnly.url}/v2/mine/blobs/uploads/`, { method: 'POST' })).status, 405);
  const pushed = await box
    .minidock(['tag', 'nginx:alpine', `${readOnly.host}/x`])
    .then(() => box.minidock(['push', `${readOnly.host}/x`]));
  assert.is(pushed.exitCode, 1);
  assert.match(String(pushed.stderr), /this registry is read-only/);
});

test('a student pulls from the teacher with flags alone: as an insecure registry, and as a mirror', async () => {
  const teacher = sandbox();
  const server = await served(teacher, '--lan');
  const image = testImage([await gzipped([{ name: 'bin/true', content: '' }])]);
  assert.is((await putImage(server.url, 'library/app:1', image)).status, 201);
  const [, lan] = /\{"insecure-registries":\["([\d.]+:\d+)"/.exec(server.output()) ?? [];
  if (lan !== undefined) {
    const student = sandbox();
    const refused = await student.minidock(['pull', `${lan}/library/app:1`]);
    assert.is(refused.exitCode, 1);
    assert.match(String(refused.stderr), /insecure-registries/);
    await student.ok(['--insecure-registry', lan, 'pull', `${lan}/library/app:1`]);
  }
  const other = sandbox();
  await other.ok(['--registry-mirror', server.url, 'pull', 'app:1']);
  assert.match(await other.ok(['images']), /^app +1 /m);
  const bad = await other.minidock(['--registry-mirror', 'lab:5000', 'pull', 'app:1']);
  assert.match(String(bad.stderr), /^minidock: unable to use --registry-mirror: mirror "lab:5000" is no http/);
});

test('--lan prints what students need; a port in use is said', async () => {
  const box = sandbox();
  const server = await served(box, '--lan');
  if (/in the network {4}\d/.test(server.output()))
    assert.match(server.output(), /\{"insecure-registries":\["\d+\.\d+\.\d+\.\d+:\d+"/);
  const again = await box.minidock(['registry', 'serve', '--port', server.host.split(':')[1]!]);
  assert.is(again.exitCode, 1);
  assert.match(String(again.stderr), /port \d+ is already in use/);
});

test.run();
