// @long the first time it makes a Debian, which takes a minute
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import type { ImageFiles } from '../scripts/images/cache.ts';
import { must } from '../scripts/images/layout.ts';
import { nginxImage } from '../scripts/images/nginx.ts';
import { demoNginx } from '../scripts/images/stand-in.ts';
import { onExit, temporaryFolder, testRun } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { findProgram, requires } from './support/requires.ts';

const test = requires('root', 'runc', 'skopeo', 'curl', 'nsenter');

/** An OCI bundle of the image's root filesystem for runc, with what Docker adds to runc's capabilities. */
function bundle(image: ImageFiles, args: string[]): string {
  const folder = temporaryFolder('bundle');
  const rootfs = join(folder, 'rootfs');
  mkdirSync(rootfs);
  must('tar', ['-xpf', image.rootfs, '-C', rootfs, '--numeric-owner', '--xattrs']);
  must('runc', ['spec'], { cwd: folder });
  const path = join(folder, 'config.json');
  const spec = JSON.parse(readFileSync(path, 'utf8'));
  spec.process.args = args;
  spec.process.terminal = false;
  for (const set of ['bounding', 'effective', 'permitted'])
    spec.process.capabilities[set] = [
      'CAP_SETUID',
      'CAP_SETGID',
      'CAP_CHOWN',
      'CAP_DAC_OVERRIDE',
      'CAP_NET_BIND_SERVICE',
    ];
  spec.root.readonly = false;
  spec.linux.cgroupsPath = `/minidock-test-${testRun}-${folder.slice(-6)}`;
  writeFileSync(path, JSON.stringify(spec));
  return folder;
}

/** Starts the image's CMD with runc and fetches its page from inside its network namespace. */
async function servedBy(image: ImageFiles): Promise<string> {
  const config = JSON.parse(must('skopeo', ['inspect', '--config', `oci:${image.layout}:${image.tag}`])).config;
  assert.equal(config.ExposedPorts, { '80/tcp': {} });
  const folder = bundle(image, config.Cmd);
  const name = `minidock-test-${testRun}-${folder.slice(-6)}`;
  const state = join(folder, 'runc');
  const server = execa(findProgram('runc') ?? 'runc', ['--root', state, 'run', '-b', folder, name], {
    reject: false,
    stdin: 'ignore',
  });
  const remove = onExit(() => must('runc', ['--root', state, 'delete', '--force', name]));
  const pid = await eventually(() => JSON.parse(must('runc', ['--root', state, 'state', name])).pid as number);
  const inside = ['-t', String(pid), '-n', 'sh', '-c', 'ip link set lo up; curl -sSf http://127.0.0.1/'];
  let page = '';
  await eventually(() => {
    page = must('nsenter', inside);
  });
  remove();
  assert.match((await server).stdout, /"GET \/|GET \//, 'its log is its standard output');
  return page;
}

test('the busybox image runs, and is made once', async () => {
  const image = await busyboxImage();
  const made = statSync(image.rootfs).mtimeMs;
  const folder = bundle(image, ['sh', '-c', 'cat /www/index.html; ls /opt /etc/motd 2>&1; id -un']);
  const name = `minidock-test-${testRun}-bb`;
  const output = must('runc', ['--root', join(folder, 'runc'), 'run', '-b', folder, name]);
  assert.match(output, /served by busybox/);
  assert.match(output, /ls: \/etc\/motd: No such file/);
  assert.match(output, /\nroot\n$/);
  assert.is(statSync((await busyboxImage()).rootfs).mtimeMs, made);
  const inspected = JSON.parse(must('skopeo', ['inspect', `oci:${image.layout}:${image.tag}`]));
  assert.is(inspected.Layers.length, 3);
});

test('a broken cache is made anew', async () => {
  // One of its own: other tests read the common one meanwhile.
  process.env.MINIDOCK_IMAGE_CACHE = temporaryFolder('images');
  const image = await busyboxImage();
  const blobs = join(image.layout, 'blobs/sha256');
  const blob = join(blobs, readdirSync(blobs)[0] ?? '');
  truncateSync(blob, 10);
  await busyboxImage();
  assert.ok(existsSync(blob));
  assert.ok(statSync(blob).size > 10, 'the truncated blob is whole again');
  delete process.env.MINIDOCK_IMAGE_CACHE;
});

test('the stand-in for nginx:alpine serves its page and says what it is', async () => {
  const page = await servedBy(await demoNginx());
  assert.match(page, /Welcome to nginx!/);
  assert.match(page, /stand-in/);
});

requires(
  'root',
  'runc',
  'skopeo',
  'curl',
  'nsenter',
  'debootstrap',
)('the real nginx image serves its welcome page', async () => {
  assert.match(await servedBy(await nginxImage()), /<h1>Welcome to nginx!<\/h1>/);
});

test.run();
