import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  ftruncateSync,
  lchownSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { ensureVolume } from '../src/container/volume-content.ts';
import { identityOf, printIdentity } from '../src/host/process.ts';
import { copyUp } from '../src/storage/copy/copy-up.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { sandbox } from './support/minidock.ts';
import { findProgram, requires } from './support/requires.ts';

/** A new volume gets what the image has at its place: all of it, byte for byte, and no more of the disk than the image takes. */
const test = requires('root', 'busybox', 'overlayfs', 'setcap', 'python3');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});
test.after.each(() => box.removeAll());

function must(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  assert.is(status, 0, `${command}: ${stderr}`);
  return stdout;
}

/** A file of this size with data at these places and holes between. */
function sparseFile(file: string, size: number, places: readonly number[]): void {
  const fd = openSync(file, 'w');
  ftruncateSync(fd, size);
  for (const at of places) writeSync(fd, `data at ${at}`, at);
  closeSync(fd);
}

/** An image of busybox and this folder at /data, packed by GNU tar with holes and attributes as they are. */
async function imageOf(folder: string, name: string): Promise<void> {
  const archive = join(temporaryFolder('archive'), 'data.tar');
  const tree = temporaryFolder('tree');
  mkdirSync(join(tree, 'bin'));
  must('cp', findProgram('busybox')!, join(tree, 'bin/busybox'));
  for (const applet of ['sh', 'true', 'cat']) must('ln', join(tree, 'bin/busybox'), join(tree, 'bin', applet));
  must('mv', folder, join(tree, 'data'));
  must('tar', '--format=posix', '-S', '--xattrs', '--xattrs-include=*', '-C', tree, '-cf', archive, '.');
  await box.ok(['import', archive, name]);
  must('mv', join(tree, 'data'), folder);
}

const run = (image: string, volume: string, ...command: string[]) =>
  box.ok(['run', '--rm', '--network', 'none', '-v', volume, image, ...command]);
const dataOf = (volume: string) => join(box.root, 'volumes', volume, '_data');

const readAttributes = `
import os
for root, folders, files in os.walk(b'.'):
    for name in [b'.'] + sorted(folders + files):
        path = os.path.join(root, name)
        for key in sorted(os.listxattr(path, follow_symlinks=False)):
            print(path, key, os.getxattr(path, key, follow_symlinks=False))
`;
const setAttribute = (path: string | Buffer, name: string, hex: string) =>
  must(
    'python3',
    '-c',
    'import os, sys; path, name, value = sys.argv[1:]; os.setxattr(bytes.fromhex(path), name, bytes.fromhex(value))',
    Buffer.from(path).toString('hex'),
    name,
    hex,
  );

/** acl(5) in the kernel's form: u::rwx, user 77 rwx, g::r-x, m::rwx, o::r-x. */
const acl = '0200000001000700ffffffff020007004d00000004000500ffffffff10000700ffffffff20000500ffffffff';

/** Node sets times to the microsecond. */
const age = (folder: string) => must('find', folder, '-exec', 'touch', '-h', '-d', '@1234567890', '{}', '+');

/** All of a tree that can be seen: names as bytes, types, modes, owners, sizes, times, numbers of links, targets, devices. */
function described(root: string): string {
  const found = spawnSync('find', ['.', '-printf', '%P\\t%y\\t%m\\t%U:%G\\t%s\\t%n\\t%l\\t%T@\\n'], {
    cwd: root,
    encoding: 'latin1',
  });
  const devices = spawnSync('find', ['.', '-type', 'c', '-exec', 'stat', '-c', '%n %t:%T', '{}', '+'], {
    cwd: root,
    encoding: 'latin1',
  });
  const attributes = spawnSync('python3', ['-c', readAttributes], { cwd: root, encoding: 'latin1' });
  const isDirectory = (line: string) => line.split('\t')[1] === 'd';
  // A directory's size and number of links are the file system's business.
  const lines = found.stdout
    .split('\n')
    .map(line => (isDirectory(line) ? line.split('\t').toSpliced(4, 2).join('\t') : line));
  return [...lines.sort(), ...devices.stdout.split('\n').sort(), attributes.stdout].join('\n');
}

test('names, links, devices, owners, modes, times, capabilities, attributes: byte for byte', async () => {
  const folder = temporaryFolder('data');
  const bytes = (name: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);
  mkdirSync(bytes('caf\xe9'));
  writeFileSync(bytes('caf\xe9/\xff\xfe'), 'not UTF-8');
  writeFileSync(bytes('caf\xc3\xa9'), 'UTF-8');
  symlinkSync(Buffer.from('caf\xe9/\xff\xfe', 'latin1'), bytes('link\xe9'));
  writeFileSync(join(folder, 'twin'), 'one file of two names');
  must('ln', join(folder, 'twin'), join(folder, 'caf-other'));
  must('mkfifo', '-m', '620', join(folder, 'pipe'));
  must('mknod', '-m', '604', join(folder, 'null'), 'c', '1', '3');
  must('mknod', join(folder, 'large'), 'c', '511', '300');
  must('cp', findProgram('true')!, join(folder, 'capable'));
  for (const name of ['twin', 'pipe', 'capable', 'link\xe9']) lchownSync(bytes(name), 12, 34);
  must('setcap', 'cap_net_raw,cap_setuid=ep', join(folder, 'capable'));
  writeFileSync(join(folder, 'suid'), '');
  chmodSync(join(folder, 'suid'), 0o6755);
  setAttribute(join(folder, 'suid'), 'user.text', Buffer.from('value').toString('hex'));
  setAttribute(join(folder, 'suid'), 'user.empty', '');
  setAttribute(bytes('caf\xe9'), 'user.of-a-folder', '00ff');
  chmodSync(bytes('caf\xe9'), 0o1770);
  age(folder);
  utimesSync(bytes('caf\xe9/\xff\xfe'), 1_000_000_000.5, 1_000_000_000.5);
  lutimesSync(bytes('link\xe9'), 1_100_000_000, 1_100_000_000);
  utimesSync(bytes('caf\xe9'), 1_200_000_000, 1_200_000_000);
  utimesSync(folder, 1_300_000_000, 1_300_000_000);
  await imageOf(folder, 'everything');
  await run('everything', 'everything:/data', 'true');
  assert.is(described(dataOf('everything')), described(folder));

  // Archives write access lists in another form: these the copier gets from a folder.
  setAttribute(folder, 'system.posix_acl_access', acl);
  setAttribute(folder, 'system.posix_acl_default', acl);
  setAttribute(bytes('caf\xe9/\xff\xfe'), 'user.large', 'ab'.repeat(3000));
  setAttribute(join(folder, 'suid'), 'trusted.overlay.opaque', '79');
  const copy = temporaryFolder('copy');
  assert.ok(await copyUp([folder], '/', copy));
  assert.is(described(copy), described(folder).replace(/^.*trusted.overlay.opaque.*\n/m, ''));
});

test('sparse files stay sparse: no byte more on disk than the image has, and no time for their holes', async () => {
  const folder = temporaryFolder('data');
  const large = 3 * 2 ** 30;
  sparseFile(join(folder, 'large'), large, [0, 5_000_000, 2 ** 31 + 77, large - 20]);
  sparseFile(join(folder, 'empty'), 2 ** 40, []);
  sparseFile(join(folder, 'ends-in-a-hole'), 1_000_000, [3]);
  sparseFile(join(folder, 'small'), 60_000, [40_000]);
  const many = Array.from({ length: 300 }, (_, i) => i * 50_000);
  sparseFile(join(folder, 'many'), 300 * 50_000, many);
  writeFileSync(join(folder, 'zeros'), Buffer.alloc(300_000));
  must('ln', join(folder, 'large'), join(folder, 'large-too'));
  age(folder);
  await imageOf(folder, 'sparse');
  const began = Date.now();
  await run('sparse', 'sparse:/data', 'true');
  assert.ok(Date.now() - began < 20_000, `${Date.now() - began} ms`);
  const blocks = (root: string, name: string) => statSync(join(root, name)).blocks;
  for (const name of readdirSync(folder)) {
    const [have, want] = [blocks(dataOf('sparse'), name), blocks(folder, name)];
    assert.ok(have <= want + 16, `${name} takes ${have} blocks, not ${want}`);
  }
  assert.is(described(dataOf('sparse')), described(folder));
  for (const name of ['ends-in-a-hole', 'small', 'many', 'zeros'])
    assert.ok(readFileSync(join(dataOf('sparse'), name)).equals(readFileSync(join(folder, name))), name);
  must('cmp', '-n', '6000000', join(dataOf('sparse'), 'large'), join(folder, 'large'));
  must('cmp', '-i', String(large - 4096), join(dataOf('sparse'), 'large'), join(folder, 'large'));
  must('cmp', '-n', '4096', '-i', String(2 ** 31), join(dataOf('sparse'), 'large'), join(folder, 'large'));
});

/** An engine on a disk of its own, this large. */
async function onSmallDisk(options: string) {
  const small = sandbox();
  mkdirSync(small.root);
  must('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', small.root);
  await small.ok(['import', (await busyboxImage()).rootfs, 'bb']);
  return small;
}

test('a disk too small for the copy: one line, before it is full, and nothing is left', async () => {
  for (const [options, make, words] of [
    [
      'size=210m',
      (tree: string) => writeFileSync(join(tree, 'big'), Buffer.alloc(60 << 20, 'x')),
      'no space left on device',
    ],
    [
      'size=200m,nr_inodes=4k',
      (tree: string) => {
        for (let i = 0; i < 1800; i++) writeFileSync(join(tree, String(i)), '');
      },
      'no space left on device',
    ],
    [
      'size=210m',
      (tree: string) => {
        writeFileSync(join(tree, 'sparse'), Buffer.alloc(60 << 20, 'x'));
        truncateSync(join(tree, 'sparse'), 1 << 30);
      },
      'no space left on device',
    ],
    [
      'size=200m,nr_inodes=4k',
      (tree: string) => {
        for (let i = 0; i < 1800; i++) sparseFile(join(tree, String(i)), 100_000, []);
      },
      'no space left on device',
    ],
  ] as const) {
    const small = await onSmallDisk(options);
    const tree = temporaryFolder('tree');
    mkdirSync(join(tree, 'data'));
    make(join(tree, 'data'));
    const archive = join(temporaryFolder('archive'), 'a.tar');
    must('tar', '-S', '-C', tree, '-cf', archive, '.');
    await small.ok(['import', archive, 'full']);
    // Nothing runs: the kernel frees what a process had a while after its end.
    await small.ok(['create', '--name', 'first', '--network', 'none', 'bb', 'true']);
    await small.ok(['rm', 'first']);
    const free = () => must('df', '--output=avail,iavail', small.root);
    const before = free();
    const result = await small.minidock(['run', '--rm', '--network', 'none', '-v', 'vol:/data', 'full', '/x']);
    assert.is(result.exitCode, 125);
    assert.match(
      String(result.stderr),
      new RegExp(`^minidock: ${words} while copying /data of the image into volume vol`),
    );
    assert.not.match(String(result.stderr), /\n {4}at |defect/);
    assert.equal(readdirSync(join(small.root, 'volumes')), []);
    const second = await small.minidock([
      'run',
      '--rm',
      '--network',
      'none',
      '-v',
      '/first',
      '-v',
      '/data',
      'full',
      '/x',
    ]);
    assert.is(second.exitCode, 125);
    assert.equal(readdirSync(join(small.root, 'volumes')), [], 'an anonymous volume that was made before it');
    assert.is(await small.ok(['ps', '-aq']), '');
    assert.is(free(), before);
    assert.ok(!existsSync(join(small.root, 'volumes/vol')));
    small.close();
  }
});

test('what a container writes into its empty volume while another use fills it stays', async () => {
  const [volumes, image] = [temporaryFolder('volumes'), temporaryFolder('image')];
  const data = join(volumes, 'shared/_data');
  mkdirSync(data, { recursive: true });
  mkdirSync(join(image, 'data'));
  for (const name of ['one', 'two']) writeFileSync(join(image, 'data', name), 'of the image');
  const filled = ensureVolume(volumes, 'shared', { layers: [image], source: '/data' });
  const isFilling = () => readdirSync(volumes).some(name => name.startsWith('.new-'));
  for (; !isFilling(); ) await new Promise(resolve => setImmediate(resolve));
  assert.equal(readdirSync(data), [], 'it is not filled yet');
  writeFileSync(join(data, 'one'), 'of the container');
  await filled;
  const contents = ['one', 'two'].map(name => readFileSync(join(data, name), 'utf8'));
  assert.equal(contents, ['of the container', 'of the image']);
  assert.equal(readdirSync(volumes), ['shared']);
});

test('what a killed run began to copy is swept, a living one’s is not', async () => {
  const volumes = join(box.root, 'volumes');
  mkdirSync(join(volumes, '.new-1-1-000000000000-aaaa/_data'), { recursive: true });
  const living = join(volumes, `.new-${printIdentity(identityOf(process.pid))}-bbbb`);
  mkdirSync(living, { recursive: true });
  await box.ok(['run', '-d', '--rm', '--network', 'none', 'bb', 'true']);
  await eventually(() => !existsSync(join(volumes, '.new-1-1-000000000000-aaaa')));
  assert.ok(existsSync(living));
});

test.run();
