// @linux-3.10 what a user does in a classroom with CentOS 7
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { type BusyboxEngine, busyboxEngine, sharedFolder } from './support/busybox.ts';
import { snapshot } from './support/canary.ts';
import { push, registry } from './support/registry.ts';
import { requires } from './support/requires.ts';

const test = requires('root', 'busybox', 'overlayfs');
const withRegistry = requires('root', 'busybox', 'overlayfs', 'docker-registry', 'skopeo');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});
test.after.each(() => box.removeAll());

/** Without the numbers of links: engines of other tests share these files, and come and go. */
const layers = () => snapshot(join(box.root, 'layers')).map(line => line.replace(/ links=\d+/, ''));

test('what a container writes, deletes and changes is its own; the image stays as it was', async () => {
  const before = layers();
  const id = await box.start(
    'echo mine > /etc/passwd; rm -r /www; mkdir -p /opt/emptied/deep; chmod 700 /tmp; mv /etc/group /etc/grouped; ln /bin/ls /ls; sleep 1000',
  );
  const seen =
    'cat /etc/passwd; ls -d /www 2>&1; ls /opt/emptied; stat -c %a /tmp; ls /etc/group 2>&1; test /ls -ef /bin/ls && echo same';
  await box.inside(id, 'until test -e /ls; do sleep 0.05; done');
  assert.is(
    await box.inside(id, seen),
    'mine\nls: /www: No such file or directory\ndeep\nnew\n700\nls: /etc/group: No such file or directory\nsame',
  );
  assert.match(
    await box.sh('cat /etc/passwd; ls /www /opt/emptied; stat -c %a /tmp'),
    /^root:[\s\S]*\nnew\n\n[\s\S]*index\.html\n1777$/,
  );
  assert.equal(layers(), before);
});

test('a container’s writable layer stays with it until rm', async () => {
  const id = await box.start('echo kept > /kept');
  await box.ok(['stop', id]);
  assert.is(readFileSync(join(box.root, 'containers', id, 'upper/kept'), 'utf8'), 'kept\n');
  await box.ok(['rm', id]);
  assert.not.ok(existsSync(join(box.root, 'containers', id)));
});

test('a layer is unpacked once, and all containers of all images with it mount the same directory', async () => {
  await box.ok(['import', '-c', 'ENV OTHER=1', (await busyboxImage()).rootfs, 'twin']);
  assert.is(readdirSync(join(box.root, 'layers')).filter(name => /^[0-9a-f]{64}$/.test(name)).length, 1);
  const inode = 'stat -c "%d:%i" /bin/busybox; sed -n "s/.*lowerdir=\\([^,]*\\).*/\\1/p" /proc/self/mounts';
  const lower = async (image: string) =>
    (await box.ok(['run', '--rm', '--network', 'none', image, 'sh', '-c', inode])).split('\n')[1];
  assert.is(await lower('bb'), await lower('twin'));
});

withRegistry('three layers from a registry: later ones win, whiteouts hide, an opaque folder is emptied', async () => {
  const real = await registry();
  const image = await busyboxImage();
  push(`oci:${image.layout}:${image.tag}`, real, 'bb');
  const name = `${real.host}/bb`;
  const run = (script: string) => box.ok(['run', '--rm', '--network', 'none', name, 'sh', '-c', script]);
  assert.is(
    await run('ls /opt/emptied; ls /etc/motd 2>&1; cat /www/index.html | wc -l; find / -xdev -name ".wh*"'),
    'new\nls: /etc/motd: No such file or directory\n1',
  );
  assert.match(
    await run('cat /proc/self/mounts'),
    /^overlay \/ overlay .*lowerdir=([0-9a-f]{64}\/diff:){2}[0-9a-f]{64}\/diff,/m,
  );
  assert.is(
    await run('echo back > /etc/motd; rm -r /opt/emptied; mkdir /opt/emptied; ls -A /opt/emptied; cat /etc/motd'),
    'back',
    'a name that was hidden can be used again; a folder made anew is empty',
  );
});

test('-v of a folder: both sides see it, :ro cannot be written, a missing one is made', async () => {
  const folder = sharedFolder();
  writeFileSync(join(folder, 'in'), 'from the host');
  assert.is(await box.sh('cat /s/in; echo out > /s/out', '-v', `${folder}:/s`), 'from the host');
  assert.is(readFileSync(join(folder, 'out'), 'utf8'), 'out\n');
  assert.is(
    await box.sh(
      '(echo x > /s/x) 2>&1; rm /s/in 2>&1; mount -o remount,rw /s 2>&1; cat /s/in',
      '-v',
      `${folder}:/s:ro`,
    ),
    "sh: can't create /s/x: Read-only file system\nrm: can't remove '/s/in': Read-only file system\nmount: permission denied (are you root?)\nfrom the host",
  );
  const missing = join(folder, 'a/b');
  await box.sh('touch /s/x', '-v', `${missing}:/s`);
  assert.ok(statSync(join(missing, 'x')).isFile());
  assert.is(statSync(missing).mode & 0o777, 0o755);
});

test('a file as a volume, over a file, over nothing, read-only', async () => {
  const file = join(sharedFolder(), 'file');
  writeFileSync(file, 'one file');
  assert.is(await box.sh('cat /etc/passwd', '-v', `${file}:/etc/passwd`), 'one file');
  assert.is(
    await box.sh('cat /new/deep/file; (echo > /new/deep/file) 2>&1; true', '-v', `${file}:/new/deep/file:ro`),
    "one filesh: can't create /new/deep/file: Read-only file system",
  );
});

test('volumes within volumes, whatever order they are given in', async () => {
  const [outer, inner] = [sharedFolder(), sharedFolder()];
  chmodSync(outer, 0o755);
  mkdirSync(join(outer, 'sub'));
  writeFileSync(join(outer, 'sub/hidden'), '');
  writeFileSync(join(inner, 'shown'), '');
  assert.is(await box.sh('ls /o /o/sub', '-v', `${inner}:/o/sub`, '-v', `${outer}:/o`), '/o:\nsub\n\n/o/sub:\nshown');
  await box.sh('touch /o/made', '-v', `${inner}:/o/new`, '-v', `${outer}:/o`);
  assert.equal(readdirSync(outer).sort(), ['made', 'new', 'sub'], 'the mount point was made in the outer one');
});

test('mounts below a folder come along; those made later inside do not reach the host', async () => {
  const folder = sharedFolder();
  const id = await box.start('sleep 1000', '-v', `${folder}:/s`);
  assert.match(await box.inside(id, 'cat /proc/self/mountinfo'), / \/s rw,/);
  assert.not.match(await box.inside(id, 'cat /proc/self/mountinfo'), / \/s [^-]*(shared|master):/);
});

test('a named volume is made once, filled with what the image has there, and outlives containers', async () => {
  await box.build('seeded', [
    { name: 'data', type: 'directory', mode: 0o750, uid: 33, gid: 33 },
    { name: 'data/file', content: 'of the image', mode: 0o640, uid: 33 },
    { name: 'data/link', type: 'symlink', linkname: 'file' },
  ]);
  const run = (script: string, ...flags: string[]) =>
    box.ok(['run', '--rm', '--network', 'none', ...flags, 'seeded', 'sh', '-c', script]);
  assert.is(
    await run(
      'stat -c "%a %u" /data /data/file; readlink /data/link; cat /data/file; echo changed > /data/file',
      '-v',
      'seed:/data',
    ),
    '750 33\n640 33\nfile\nof the image',
  );
  assert.is(await run('cat /data/file', '-v', 'seed:/data'), 'changed');
  assert.is(await run('cat /elsewhere/file', '-v', 'seed:/elsewhere:ro'), 'changed');
  assert.is(await run('cat /data/file'), 'of the image');
});

test('VOLUME of the image and -v of a destination alone: a volume a container, gone with rm -v or --rm', async () => {
  await box.build('declares', [{ name: 'data/file', content: 'seed' }], ['VOLUME /data', 'CMD ["sh"]']);
  const volumes = () => readdirSync(join(box.root, 'volumes')).filter(name => /^[0-9a-f]{64}$/.test(name));
  const id = await box.ok([
    'run',
    '-d',
    '--network',
    'none',
    '-v',
    '/also',
    'declares',
    'sh',
    '-c',
    'cat /data/file; touch /also/x',
  ]);
  await box.ok(['stop', id]);
  assert.is(await box.ok(['logs', id]), 'seed');
  assert.is(volumes().length, 2);
  await box.ok(['rm', '-v', id]);
  assert.equal(volumes(), []);
  await box.ok(['run', '--rm', '--network', 'none', 'declares', 'true']);
  assert.equal(volumes(), []);
});

test('two containers that start at once see one whole volume', async () => {
  await box.build(
    'wide',
    Array.from({ length: 200 }, (_, i) => ({ name: `data/${i}`, content: 'x' })),
  );
  const counts = await Promise.all(
    Array.from({ length: 4 }, () =>
      box.ok(['run', '--rm', '--network', 'none', '-v', 'wide:/data', 'wide', 'sh', '-c', 'ls /data | wc -l']),
    ),
  );
  assert.equal(counts, ['200', '200', '200', '200']);
});

test('a source that is a link is what it leads to; a destination may lead through links of the image', async () => {
  const folder = sharedFolder();
  mkdirSync(join(folder, 'real'));
  writeFileSync(join(folder, 'real/file'), 'found');
  symlinkSync('real', join(folder, 'link'));
  assert.is(await box.sh('cat /s/file', '-v', `${join(folder, 'link')}:/s`), 'found');
  assert.is(await box.sh('cat /run/mine/file', '-v', `${join(folder, 'real')}:/var/run/mine`), 'found');
});

test('an image of 300 volumes runs: each is a mount, and all of them go with the container', async () => {
  await box.build(
    'many',
    [],
    Array.from({ length: 300 }, (_, i) => `VOLUME /data/v${i}`),
  );
  const script = 'for i in /data/*; do echo x > $i/x; done; grep -c " /data/v" /proc/self/mountinfo';
  assert.is(await box.ok(['run', '--rm', '--network', 'none', 'many', 'sh', '-c', script]), '300');
  assert.equal(
    readdirSync(join(box.root, 'volumes')).filter(name => name.length === 64),
    [],
  );
});

test('one destination twice is refused', async () => {
  const folder = sharedFolder();
  const result = await box.minidock(['run', '--rm', '-v', `${folder}:/x`, '-v', `${folder}:/x/`, 'bb', 'true']);
  assert.equal([result.exitCode, result.stderr], [125, 'minidock: Duplicate mount point: /x']);
});

test.run();
