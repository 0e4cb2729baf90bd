// @mounts-nothing the disk that fills is mounted by the test, apart from others
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { supervisorPid } from '../src/container/observe.ts';
import { archive } from './support/archive.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { heldBy, portRules } from './support/faults/held.ts';
import { minidockPath, type Sandbox, sandbox } from './support/minidock.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';
import { smallDisk } from './support/small-disk.ts';

/**
 * A full disk, which any container can cause: what is there is listed and can be stopped and removed, by commands that cannot
 * write a byte nor make a name, and nothing is left that would not be there without it.
 */
const test = requires('root', 'busybox', 'overlayfs', 'iptables', 'ip', 'mkfs.ext4');
const bb = await busyboxImage();

/** Busybox as `bb`, an image under two names and one under none. */
async function store(box: Sandbox): Promise<void> {
  await box.ok(['import', '-c', 'CMD ["sh"]', bb.rootfs, 'bb']);
  for (const name of ['first', 'second', 'third', '']) {
    const input = await archive([{ name: 'file', content: `of ${name}` }]);
    await box.ok(['import', '-', ...(name === '' ? [] : [name])], { input, stdin: 'pipe' });
  }
  await box.ok(['tag', 'first', 'also']);
}

const runDirectories = (box: Sandbox) => readdirSync(box.execRoot).filter(name => /^[0-9a-f]{12}$/.test(name));

/** The whole life of containers and images on disks that are filled before each command. */
async function live(box: Sandbox, fill: () => void, free: () => void): Promise<void> {
  const run = ['run', '-d', '--network', 'none'];
  const signal = temporaryFolder('signal');
  const port = await freePort();
  // On a disk of its own: what a container sees when its own is full.
  const untilTold = (code: number) => `echo said; while [ ! -e /signal/end ]; do sleep 0.05; done; exit ${code}`;
  const told = ['-v', `${signal}:/signal`, 'bb', 'sh', '-c'];
  await box.ok([...run, '--name', 'ends', ...told, untilTold(7)]);
  await box.ok([...run, '--name', 'stopped', 'bb', 'sleep', '1000']);
  await box.ok([...run, '--name', 'vanishes', '--rm', 'bb', 'sleep', '1000']);
  await box.ok(['run', '-d', '--name', 'served', '-p', `${port}:80`, '-v', '/data', 'bb', 'sleep', '1000']);
  const rested = await box.ok([...run, '--name', 'rested', 'bb', 'true']);
  await eventually(() => assert.not.ok(existsSync(join(box.execRoot, rested.slice(0, 12)))));
  const foreground = box.minidock(['run', '--rm', '--name', 'front', '--network', 'none', ...told, untilTold(5)]);
  await eventually(async () => assert.match(await box.ok(['ps', '--format', '{{.Names}}']), /front/));
  fill();
  writeFileSync(join(signal, 'end'), '');
  const front = await foreground;
  assert.equal([front.exitCode, front.stdout, front.stderr], [5, 'said', '']);

  const ok = async (...args: string[]): Promise<string> => {
    fill();
    const { exitCode, stdout, stderr } = await box.minidock(args);
    assert.equal([exitCode, stderr], [0, ''], args.join(' '));
    return String(stdout);
  };
  await eventually(async () =>
    assert.match(await ok('ps', '-a', '--format', '{{.Names}} {{.Status}}'), /^ends Exited \(7\)/m),
  );
  assert.equal((await ok('ps', '--format', '{{.Names}}')).split('\n').sort(), ['served', 'stopped', 'vanishes']);
  assert.is(
    await ok('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}', 'ends'),
    'exited 7 false',
  );
  assert.is(await ok('logs', 'ends'), 'said');

  fill();
  const refused = await box.minidock([...run, '--name', 'more', '-v', '/data', 'bb', 'true']);
  assert.is(refused.exitCode, 125);
  assert.match(String(refused.stderr), /^minidock: [^\n]*no space left on device\n {2}fix: free some space: [^\n]*$/);

  // Where only the exec root is full it was made, and could not be started.
  if ((await ok('ps', '-aq', '-f', 'name=more')) !== '') await ok('rm', '-v', 'more');

  await ok('stop', '-t', '0', 'stopped');
  assert.match(await ok('ps', '-a', '--format', '{{.Names}} {{.Status}}'), /^stopped Exited \(137\)/m);
  await ok('stop', '-t', '0', 'vanishes');
  await ok('rm', 'ends');
  await ok('rm', 'stopped');
  await ok('rm', 'rested');
  await ok('rm', '-f', '-v', 'served');
  assert.is(await ok('ps', '-aq'), '');
  assert.equal(
    readdirSync(join(box.root, 'volumes')).filter(name => !name.startsWith('ballast')),
    [],
  );
  assert.equal(await portRules(box), []);

  assert.is(await ok('rmi', 'also'), 'Untagged: also:latest');
  assert.match(await ok('rmi', 'first'), /^Untagged: first:latest\nDeleted: sha256:/);
  assert.match(await ok('rmi', 'second'), /^Untagged: second:latest\nDeleted: sha256:/);
  assert.match(await ok('image', 'prune', '-f'), /^Deleted Images:\ndeleted: sha256:/);
  assert.match(await ok('image', 'prune', '-af'), /untagged: bb:latest/);
  assert.is(await ok('images', '-q'), '');
  free();

  // Nothing of all that is left, and all of it can be done again.
  await store(box);
  await box.ok(['run', '--name', 'ends', '--network', 'none', 'bb', 'true']);
  assert.match(await box.ok(['ps', '-a', '--format', '{{.Names}} {{.Status}}']), /^ends Exited \(0\)/);
  await box.ok(['rm', 'ends']);
  await box.ok([...run, '--rm', 'bb', 'true']);
  await eventually(() => {
    assert.equal(
      heldBy(box).filter(line => !line.startsWith('mount ')),
      [],
    );
    assert.equal([runDirectories(box), readdirSync(join(box.root, 'names'))], [[], []]);
    assert.equal(
      readdirSync(box.root).filter(name => name.startsWith('.') || /\.lock\./.test(name)),
      [],
    );
    assert.equal(readdirSync(join(box.root, 'networks', box.bridge, 'leases')), []);
  });
}

/** A container's file systems, whose blocks and names a container or the host has used up. */
const directoriesOf = (box: Sandbox) =>
  ['containers', 'names', 'layers', 'images', 'images/.partial', 'images/blobs/sha256', 'volumes', 'networks'].map(
    name => join(box.root, name),
  );

for (const [what, type, inodes] of [
  ['an ext4 without a block', 'ext4', 20_000],
  ['an ext4 without an inode', 'ext4', 1500],
  ['a tmpfs', 'tmpfs', 2000],
] as const)
  test(`data root on ${what}: all is listed, stopped and removed`, async () => {
    const box = sandbox();
    const disk = smallDisk(box.root, type, 150, inodes);
    await store(box);
    await live(box, () => disk.fill(...directoriesOf(box)), disk.free);
  });

for (const type of ['ext4', 'tmpfs'] as const)
  test(`exec root on ${type === 'ext4' ? 'an ext4' : 'a tmpfs'}: all is listed, stopped and removed`, async () => {
    const box = sandbox();
    const disk = smallDisk(box.execRoot, type, 8, 300);
    await store(box);
    await live(box, () => disk.fill(box.execRoot), disk.free);
  });

test('a container that fills the disk and goes on writing is listed, read, stopped and removed', async () => {
  const box = sandbox();
  smallDisk(box.root, 'ext4', 150);
  await store(box);
  const signal = temporaryFolder('signal');
  const script = `echo said; until [ -e /signal/go ]; do sleep 0.05; done
    while :; do cat /dev/zero >> /fill; echo x >> /more; done 2>/dev/null`;
  for (const name of ['one', 'two'])
    await box.ok([
      'run',
      '-d',
      '--name',
      name,
      '--network',
      'none',
      '-v',
      `${signal}:/signal`,
      'bb',
      'sh',
      '-c',
      script,
    ]);
  writeFileSync(join(signal, 'go'), '');
  await eventually(() => statfsSync(box.root).bavail === 0, 20);
  assert.match(await box.ok(['ps', '-a']), / one$/m);
  assert.is(await box.ok(['logs', 'one']), 'said');
  await box.ok(['stop', '-t', '0', 'one']);
  assert.match(await box.ok(['ps', '-a', '--format', '{{.Names}} {{.Status}}']), /^one Exited \(137\)/m);
  await box.ok(['rmi', 'also']);
  await box.ok(['rmi', 'first']);
  await box.ok(['rm', 'one']);
  await box.ok(['rm', '-f', 'two']);
  await box.ok(['image', 'prune', '-af']);
  assert.equal([await box.ok(['ps', '-aq']), await box.ok(['images', '-q'])], ['', '']);
});

test('containers and layers on disks of their own are removed as well', async () => {
  const box = sandbox();
  for (const name of ['containers', 'layers']) smallDisk(join(box.root, name), 'tmpfs', 150);
  const from = sandbox();
  await store(from);
  const archive = join(from.folder, 'bb.tar');
  await from.ok(['save', '-o', archive, 'bb']);
  await box.ok(['load', '-i', archive]);
  await box.ok(['run', '--name', 'one', '--network', 'none', 'bb', 'true']);
  await box.ok(['rm', 'one']);
  await box.ok(['run', '--rm', '--network', 'none', 'bb', 'true']);
  await box.ok(['rmi', 'bb']);
  const left = ['', 'containers', 'layers'].flatMap(name => readdirSync(join(box.root, name)));
  assert.equal(
    left.filter(name => name.startsWith('.') || /^[0-9a-f]{64}$/.test(name)),
    [],
  );
});

requires(
  'root',
  'busybox',
  'overlayfs',
  'strace',
)('over a quota, which a server may say as late as at fsync(2), it is the same', async () => {
  const box = sandbox();
  await store(box);
  const over = (times: string, ...args: string[]) => {
    const inject = `-f -qq -e trace=fsync -e inject=fsync:error=EDQUOT:when=${times} -o`.split(' ');
    return spawnSync('strace', [...inject, join(box.folder, 'strace'), minidockPath, ...args], {
      env: { ...process.env, ...box.env, NODE_EXTRA_CA_CERTS: '' },
      encoding: 'utf8',
    });
  };
  const id = await box.ok(['run', '-d', '--name', 'lost', '--network', 'none', 'bb', 'sleep', '1000']);
  process.kill(supervisorPid(box, id)!, 'SIGKILL');
  for (const expected of [
    over('1+', 'ps', '-a', '--format', '{{.Status}}'),
    over('1+', 'inspect', '-f', '{{.State.Status}}', id),
  ])
    assert.equal([expected.status, expected.stderr], [0, '']);
  assert.match(over('1+', 'ps', '-a', '--format', '{{.Status}}').stdout, /^Exited \(137\)/);
  assert.ok(existsSync(join(box.execRoot, id.slice(0, 12))), 'it was not written down');
  assert.match(await box.ok(['ps', '-a', '--format', '{{.Status}}']), /^Exited \(137\)/);
  assert.not.ok(existsSync(join(box.execRoot, id.slice(0, 12))));
  assert.equal(over('1', 'rmi', 'also').stdout, 'Untagged: also:latest\n');
  const refused = over('1+', 'rmi', 'first');
  assert.equal([refused.status, refused.stdout], [1, '']);
  assert.match(
    refused.stderr,
    /^minidock: fsync "[^"]*\/index\.json\.spare": disk quota exceeded\n {2}fix: free some space: /,
  );
  assert.match(await box.ok(['rmi', 'first']), /^Untagged: first:latest/);
});

test('on a read-only file system containers and images are listed, read and stopped; what cannot be removed says why', async () => {
  const box = sandbox();
  smallDisk(box.root, 'ext4', 150);
  await store(box);
  const run = ['run', '-d', '--network', 'none', '--name'];
  await box.ok([...run, 'ends', 'bb', 'sh', '-c', 'echo said; sleep 1000']);
  await box.ok([...run, 'rests', 'bb', 'true']);
  await eventually(async () => assert.match(await box.ok(['ps', '-a']), /Exited \(0\)/));
  await eventually(async () => assert.is(await box.ok(['logs', 'ends']), 'said'));
  // As the kernel does it by itself when the disk fails (errors=remount-ro).
  assert.is(spawnSync('mount', ['-o', 'remount,abort', box.root]).status, 0);
  await box.ok(['stop', '-t', '0', 'ends']);
  assert.match(await box.ok(['ps', '-a', '--format', '{{.Names}} {{.Status}}']), /^ends Exited \(137\)/m);
  assert.is(await box.ok(['logs', 'ends']), 'said');
  assert.is(await box.ok(['inspect', '-f', '{{.State.ExitCode}}', 'ends']), '137');
  assert.match(await box.ok(['images']), /^bb /m);
  for (const args of [
    ['rm', 'ends'],
    ['rm', '-f', 'rests'],
    ['rmi', 'first'],
    ['image', 'prune', '-f'],
    ['tag', 'bb', 'new'],
  ]) {
    const { exitCode, stderr } = await box.minidock(args);
    assert.is(exitCode, 1, args.join(' '));
    assert.match(
      String(stderr),
      /^minidock: [^\n]*read-only file system\n {2}fix: see why it is read-only: `dmesg \| tail`$/,
    );
  }
  const refused = await box.minidock([...run, 'more', 'bb', 'true']);
  assert.is(refused.exitCode, 125);
  assert.match(String(refused.stderr), /^minidock: [^\n]*read-only file system\n/);
});

test.run();
