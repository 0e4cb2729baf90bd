// @both-mounts one of those that the gate runs where / may be private: overlays
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import type { MinidockError } from '../src/errors.ts';
import { importImage } from '../src/image/import.ts';
import type { Digest } from '../src/oci/digest.ts';
import { listIfPresent } from '../src/state/files.ts';
import { BombGuard, type BombLimits } from '../src/storage/bomb.ts';
import { chainIds, layerDirectory } from '../src/storage/chain.ts';
import { copyUp } from '../src/storage/copy/copy-up.ts';
import { ensureLayer } from '../src/storage/layers.ts';
import { list, readFile, resolve } from '../src/storage/merged-view.ts';
import { archive, type Member } from './support/archive.ts';
import { canaryTree, snapshot } from './support/canary.ts';
import { onExit, temporaryFolder } from './support/cleanup.ts';
import { rejection } from './support/rejection.ts';
import { checkout, requires } from './support/requires.ts';

const test = requires('root');
const withOverlay = requires('root', 'overlayfs');

/** One layer, unpacked; its directory. */
async function unpack(members: Member[], root = temporaryFolder('root')): Promise<string> {
  const image = await importImage({ root, source: Readable.from([await archive(members)]) });
  return image.layers[0]!;
}

/** Several layers, each a blob of its own; their directories, bottom first. */
async function stack(layers: Member[][], root = temporaryFolder('root')): Promise<{ root: string; layers: string[] }> {
  const blobs = await Promise.all(layers.map(archive));
  const diffIds = blobs.map((blob): Digest => `sha256:${createHash('sha256').update(blob).digest('hex')}`);
  const directories: string[] = [];
  for (const [i, chainId] of chainIds(diffIds).entries()) {
    const blob = path.join(root, `${i}.tar.gz`);
    fs.writeFileSync(blob, gzipSync(blobs[i]!));
    const below = [...directories];
    await ensureLayer(root, { chainId, diffId: diffIds[i]!, blob, below: () => below });
    directories.push(path.join(root, 'layers', chainId.slice(7), 'diff'));
  }
  return { root, layers: directories };
}

/** What unpacking leaves under a root besides finished layers and blobs. */
function leftovers(root: string): string[] {
  return ['layers', 'images/.partial']
    .flatMap(folder => (fs.existsSync(path.join(root, folder)) ? fs.readdirSync(path.join(root, folder)) : []))
    .filter(name => !/^[0-9a-f]{64}$/.test(name));
}

test('every kind of member, with owner, mode and time', async () => {
  const layer = await unpack([
    { name: './', type: 'directory', mode: 0o751, mtime: 1_000_000_001 },
    { name: 'dir/', type: 'directory', mode: 0o2775, uid: 7, gid: 8, mtime: 1_000_000_002 },
    { name: 'dir/setuid', content: 'x', mode: 0o4755, uid: 70_000, pax: { gid: '4000000000' }, mtime: 1_000_000_003 },
    { name: 'dir/link', type: 'symlink', linkname: '/nowhere', uid: 9, mtime: 1_000_000_004 },
    { name: 'hard', type: 'link', linkname: 'dir/setuid' },
    { name: 'null', type: 'character-device', devmajor: 1, devminor: 3, mode: 0o666, mtime: 1_000_000_005 },
    { name: 'null2', type: 'link', linkname: 'null' },
    { name: 'disk', type: 'block-device', devmajor: 259, devminor: 70_000, mode: 0o640, gid: 6 },
    { name: 'fifo', type: 'fifo', mode: 0o600 },
    { name: `${'long-'.repeat(40)}name/${'x'.repeat(200)}`, content: 'long' },
    { name: 'ümläut ✓', content: 'utf-8' },
    { name: 'implicit/parents/file', content: 'deep' },
  ]);
  const stat = (name: string) => fs.lstatSync(path.join(layer, name));
  const facts = (name: string) => {
    const { mode, uid, gid, mtimeMs } = stat(name);
    return [(mode & 0o7777).toString(8), uid, gid, mtimeMs / 1000];
  };
  assert.equal(facts('.'), ['751', 0, 0, 1_000_000_001]);
  assert.equal(facts('dir'), ['2775', 7, 8, 1_000_000_002]);
  assert.equal(facts('dir/setuid'), ['4755', 70_000, 4_000_000_000, 1_000_000_003]);
  assert.equal(facts('dir/link').slice(1), [9, 0, 1_000_000_004]);
  assert.is(fs.readlinkSync(path.join(layer, 'dir/link')), '/nowhere');
  assert.is(stat('hard').ino, stat('dir/setuid').ino);
  assert.ok(stat('null').isCharacterDevice());
  assert.is(stat('null').rdev, 0x103);
  assert.is(stat('null2').rdev, 0x103);
  assert.equal(facts('null'), ['666', 0, 0, 1_000_000_005]);
  assert.ok(stat('disk').isBlockDevice());
  assert.is(stat('disk').rdev, (70_000 & 0xff) | (259 << 8) | ((70_000 & 0xfff00) << 12));
  assert.ok(stat('fifo').isFIFO());
  assert.is(fs.readFileSync(path.join(layer, `${'long-'.repeat(40)}name/${'x'.repeat(200)}`), 'utf8'), 'long');
  assert.is(fs.readFileSync(path.join(layer, 'ümläut ✓'), 'utf8'), 'utf-8');
  assert.equal(facts('implicit/parents').slice(0, 3), ['755', 0, 0]);
});

test('extended attributes: capabilities and user attributes come, those of overlayfs and security modules do not', async () => {
  const layer = await unpack([
    { name: 'dir/', type: 'directory', pax: { 'SCHILY.xattr.user.note': 'on a directory' } },
    {
      name: 'dir/tool',
      content: 'x',
      uid: 5,
      pax: {
        // cap_net_raw=ep
        'SCHILY.xattr.security.capability': Buffer.from('0100000200200000000000000000000000000000', 'hex').toString(),
        'SCHILY.xattr.user.note': 'a note',
        'SCHILY.xattr.trusted.overlay.redirect': '/etc',
        'SCHILY.xattr.trusted.overlay.metacopy': 'y',
        'SCHILY.xattr.security.selinux': 'label',
      },
    },
  ]);
  const packed = spawnSync('tar', ['--xattrs', '--xattrs-include=*', '-c', '-C', layer, 'dir']).stdout.toString(
    'latin1',
  );
  const names = [...packed.matchAll(/SCHILY\.xattr\.([a-z._]+)=/g)].map(match => match[1]).sort();
  assert.equal(names, ['security.capability', 'user.note', 'user.note']);
  assert.ok(packed.includes('security.capability=\x01\0\0\x02\0 \0\0'));
});

test('what replaces a member takes its place whole', async () => {
  const layer = await unpack([
    { name: 'a', content: 'first' },
    { name: 'a', content: 'second' },
    { name: 'b/', type: 'directory' },
    { name: 'b/old', type: 'fifo' },
    { name: 'b', content: 'a file now' },
    { name: 'c', type: 'symlink', linkname: 'a' },
    { name: 'c/', type: 'directory' },
    { name: 'c/inside', content: 'x' },
    { name: 'd', type: 'fifo' },
    { name: 'd', type: 'symlink', linkname: '/etc' },
    { name: 'e', type: 'character-device', devmajor: 1, devminor: 3 },
    { name: 'e/', type: 'directory' },
  ]);
  const names = namesIn(layer);
  assert.equal(names, ['a', 'b', 'c', 'c/inside', 'd', 'e']);
  assert.is(fs.readFileSync(path.join(layer, 'a'), 'utf8'), 'second');
  assert.is(fs.readFileSync(path.join(layer, 'b'), 'utf8'), 'a file now');
  assert.is(fs.readlinkSync(path.join(layer, 'd')), '/etc');
});

test('links on the way are followed inside the layer, as in the container', async () => {
  const layer = await unpack([
    { name: 'run/', type: 'directory' },
    { name: 'var/run', type: 'symlink', linkname: '/run' },
    { name: 'var/run/pid', content: '1' },
    { name: 'up', type: 'symlink', linkname: '../../../../run' },
    { name: 'up/pid2', content: '2' },
    { name: 'usr/lib/', type: 'directory' },
    { name: 'lib', type: 'symlink', linkname: 'usr/lib' },
    { name: 'lib/x.so', content: 'so' },
    { name: 'hard', type: 'link', linkname: 'var/run/pid' },
    { name: '/absolute', content: 'stays inside' },
    { name: 'usr/../also', content: 'inside' },
  ]);
  assert.equal(fs.readdirSync(path.join(layer, 'run')).sort(), ['pid', 'pid2']);
  assert.equal(fs.readdirSync(path.join(layer, 'usr/lib')), ['x.so']);
  assert.is(fs.readFileSync(path.join(layer, 'hard'), 'utf8'), '1');
  assert.is(fs.readFileSync(path.join(layer, 'absolute'), 'utf8'), 'stays inside');
  assert.is(fs.readFileSync(path.join(layer, 'also'), 'utf8'), 'inside');
});

/** Attacks on `canary`, a tree of the host; `refused` where nothing of them can be kept. */
const attacks: [what: string, members: (canary: string) => Member[], refused?: true][] = [
  ['a name with ..', () => [{ name: '../../../../../../tmp/minidock-escape', content: 'x' }], true],
  ['a name that climbs after going down', () => [{ name: 'a/../../escape', content: 'x' }], true],
  ['an absolute name', canary => [{ name: `${canary}/etc/passwd`, content: 'x' }]],
  [
    'writing through an absolute link',
    canary => [
      { name: 'l', type: 'symlink', linkname: canary },
      { name: 'l/etc/passwd', content: 'x' },
    ],
  ],
  [
    'writing through a climbing link',
    canary => [
      { name: 'l', type: 'symlink', linkname: `${'../'.repeat(20)}${canary}` },
      { name: 'l/etc/passwd', content: 'x' },
    ],
  ],
  [
    'two hops',
    canary => [
      { name: 'a', type: 'symlink', linkname: '/' },
      { name: 'b', type: 'symlink', linkname: `a/..${canary}` },
      { name: 'b/tool', content: 'x' },
    ],
  ],
  [
    'a link where a directory was just made',
    canary => [
      { name: 'd/', type: 'directory' },
      { name: 'd/x', content: '1' },
      { name: 'd', type: 'symlink', linkname: canary },
      { name: 'd/tool', content: 'x' },
    ],
  ],
  [
    'a link where a node waits for the end',
    canary => [
      { name: 'd/', type: 'directory' },
      { name: 'd/tool', type: 'fifo' },
      { name: 'd', type: 'symlink', linkname: canary },
    ],
  ],
  [
    'a link where a directory waits for its mode',
    canary => [
      { name: 'd/', type: 'directory', mode: 0o777, uid: 1000 },
      { name: 'd', type: 'symlink', linkname: `${canary}/private` },
    ],
  ],
  [
    'attributes of a file that became a link',
    canary => [
      { name: 'f', content: 'x', pax: { 'SCHILY.xattr.user.x': 'y' } },
      { name: 'f', type: 'symlink', linkname: `${canary}/tool` },
    ],
  ],
  [
    'a file over a link',
    canary => [
      { name: 'f', type: 'symlink', linkname: `${canary}/tool` },
      { name: 'f', content: 'x' },
    ],
  ],
  ['a hard link to the host', canary => [{ name: 'h', type: 'link', linkname: `${canary}/private/secret` }], true],
  [
    'a hard link that climbs',
    canary => [{ name: 'h', type: 'link', linkname: `${'../'.repeat(20)}${canary}/tool` }],
    true,
  ],
  [
    'a hard link through a link',
    canary => [
      { name: 'l', type: 'symlink', linkname: canary },
      { name: 'h', type: 'link', linkname: 'l/private/secret' },
    ],
    true,
  ],
  [
    'a hard link to a link, then writing to it',
    canary => [
      { name: 'l', type: 'symlink', linkname: `${canary}/tool` },
      { name: 'h', type: 'link', linkname: 'l' },
      { name: 'h', content: 'x' },
    ],
  ],
  [
    'the root as a link',
    canary => [
      { name: '.', type: 'symlink', linkname: canary },
      { name: 'tool', content: 'x' },
    ],
    true,
  ],
  ['the root as a hard link', canary => [{ name: './', type: 'link', linkname: canary }], true],
  ['a whiteout through a link', canary => [{ name: 'l', type: 'symlink', linkname: canary }, { name: 'l/.wh.tool' }]],
  [
    'an opaque marker through a link',
    canary => [{ name: 'l', type: 'symlink', linkname: canary }, { name: 'l/.wh..wh..opq' }],
  ],
  ['a whiteout of ..', () => [{ name: 'a/.wh...' }], true],
  ['a whiteout of nothing', () => [{ name: '.wh.' }], true],
  [
    'links in a circle',
    () => [
      { name: 'a', type: 'symlink', linkname: 'b' },
      { name: 'b', type: 'symlink', linkname: 'a' },
      { name: 'a/x', content: '' },
    ],
    true,
  ],
];

for (const [what, members, refused] of attacks) {
  test(`contained: ${what}`, async () => {
    const canary = canaryTree();
    const root = temporaryFolder('root');
    if (refused) {
      const error = await rejection(unpack(members(canary.path), root));
      assert.is(error.code, 'hostile-layer');
      assert.not.match(error.message, '\n');
      assert.equal(listIfPresent(path.join(root, 'layers')), []);
    } else {
      const layer = await unpack(members(canary.path), root);
      assert.not.ok(
        snapshot(layer).some(line => line.includes(createHash('sha256').update(canary.secret).digest('hex'))),
      );
    }
    canary.check();
    assert.equal(leftovers(root), []);
  });
}

withOverlay('whiteouts and opaque directories show what the layers mean', async () => {
  const { root, layers } = await stack([
    [
      { name: 'etc/', type: 'directory', mode: 0o750, uid: 3 },
      { name: 'etc/keep', content: 'keep' },
      { name: 'etc/gone', content: 'gone' },
      { name: 'opaque/', type: 'directory' },
      { name: 'opaque/old', content: 'old' },
      { name: 'replaced/', type: 'directory' },
      { name: 'replaced/old', content: 'old' },
      { name: 'file-to-dir', content: 'file' },
      { name: 'dir-to-file/', type: 'directory' },
      { name: 'dir-to-file/x', content: 'x' },
      { name: 'whole/deep/tree', content: 'x' },
    ],
    [
      { name: 'etc/.wh.gone' },
      { name: 'opaque/', type: 'directory' },
      { name: 'opaque/new', content: 'new' },
      { name: 'opaque/.wh..wh..opq' },
      { name: '.wh.replaced' },
      { name: 'replaced/', type: 'directory' },
      { name: 'replaced/new', content: 'new' },
      { name: 'file-to-dir/', type: 'directory' },
      { name: 'file-to-dir/y', content: 'y' },
      { name: 'dir-to-file', content: 'file' },
      { name: '.wh.whole' },
      { name: '.wh..wh.plnk', type: 'directory' },
    ],
    [
      { name: 'etc/gone', content: 'back' },
      { name: 'whole/again', content: 'again' },
      { name: 'opaque/.wh.new' },
      { name: 'opaque/newest', content: 'newest' },
    ],
  ]);
  const merged = mountOverlay(root, layers);
  const files = namesIn(merged);
  assert.equal(files, [
    ...['dir-to-file', 'etc', 'etc/gone', 'etc/keep', 'file-to-dir', 'file-to-dir/y', 'opaque', 'opaque/newest'],
    ...['replaced', 'replaced/new', 'whole', 'whole/again'],
  ]);
  assert.is(fs.readFileSync(path.join(merged, 'etc/gone'), 'utf8'), 'back');
  // The upper layers hold files in etc without describing it: it looks as below.
  const { mode, uid } = fs.lstatSync(path.join(merged, 'etc'));
  assert.equal([mode & 0o7777, uid], [0o750, 3]);

  assert.equal(walk(layers), files);
  const volume = temporaryFolder('volume');
  assert.ok(await copyUp(layers, '/etc', volume));
  assert.equal(described(volume), described(path.join(merged, 'etc')));
});

/** Every path that the merged view finds. */
function walk(layers: string[], at = '/'): string[] {
  const { directories = [] } = resolve(layers, at);
  return [...list(directories)]
    .flatMap(([name, { stats }]) => {
      const full = path.join(at, name);
      return stats.isDirectory() ? [full.slice(1), ...walk(layers, full)] : [full.slice(1)];
    })
    .sort();
}

/** All names in a tree. Not by readdir's `recursive`, which in Node 20 follows links. */
function namesIn(root: string): string[] {
  const found = spawnSync('find', [root, '-mindepth', '1', '-printf', '%P\\0'], { encoding: 'utf8' }).stdout;
  return found.split('\0').slice(0, -1).sort();
}

/** A tree without inode numbers. */
function described(root: string): string[] {
  return snapshot(root).map(line => line.replace(/ inode=\d+| links=\d+/g, ''));
}

function mountOverlay(root: string, layers: string[]): string {
  const merged = path.join(root, 'merged');
  for (const name of ['merged', 'upper', 'work']) fs.mkdirSync(path.join(root, name));
  const lower = layers
    .map(layer => path.relative(root, layer))
    .reverse()
    .join(':');
  const mount = spawnSync(
    'mount',
    ['-t', 'overlay', 'overlay', '-o', `lowerdir=${lower},upperdir=upper,workdir=work`, merged],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  assert.is(mount.status, 0, mount.stderr);
  onExit(() => spawnSync('umount', [merged]));
  return merged;
}

test('the merged view resolves links in its own scope and reads only regular files', async () => {
  const canary = canaryTree();
  const { layers } = await stack([
    [
      { name: 'etc/passwd', content: 'root:x:0:0' },
      { name: 'data', type: 'symlink', linkname: `${canary.path}/etc` },
      { name: 'up', type: 'symlink', linkname: `${'../'.repeat(20)}etc/passwd` },
      { name: 'loop', type: 'symlink', linkname: 'loop' },
      { name: 'pipe', type: 'fifo' },
      { name: 'secret', type: 'symlink', linkname: `${canary.path}/private/secret` },
    ],
    [
      { name: 'var/run', type: 'symlink', linkname: '/run' },
      { name: 'a/b/', type: 'directory' },
    ],
  ]);
  const at = (name: string) => resolve(layers, name);
  assert.equal([at('/data/x').path, at('/data/x').kind], [`${canary.path}/etc/x`, 'missing']);
  assert.equal([at('/up').path, at('/up').kind], ['/etc/passwd', 'file']);
  assert.equal([at('/var/run/x').path, at('/var/run/x').kind], ['/run/x', 'missing']);
  assert.equal([at('a/b/../../etc').path, at('a/b/../../etc').kind], ['/etc', 'directory']);
  assert.equal([at('/etc/passwd/x').path, at('/etc/passwd/x').kind], ['/etc/passwd/x', 'missing']);
  assert.is(resolve(layers, '/up', { followLast: false }).kind, 'link');
  assert.throws(() => at('/loop'), /too many symbolic links/);
  assert.is(readFile(layers, '/secret', 1000).kind, 'missing');
  assert.is(readFile(layers, '/pipe', 1000).kind, 'other');
  assert.is(readFile(layers, '/etc/passwd', 5).kind, 'too large');
  const read = readFile(layers, '/up', 1000);
  assert.is(read.kind === 'file' && read.content.toString(), 'root:x:0:0');
  const volume = temporaryFolder('volume');
  assert.not.ok(await copyUp(layers, '/data', volume));
  assert.ok(await copyUp(layers, '/', volume));
  assert.is(fs.readlinkSync(path.join(volume, 'secret')), `${canary.path}/private/secret`);
  assert.ok(fs.lstatSync(path.join(volume, 'pipe')).isFIFO());
  canary.check();
});

test('a full disk is one clear error and leaves nothing', async () => {
  const root = temporaryFolder('small');
  assert.is(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root]).status, 0);
  const blob = path.join(temporaryFolder('blob'), 'layer');
  const content = await archive([
    { name: 'small', content: 'x' },
    { name: 'big', content: Buffer.alloc(4 << 20, 'x') },
  ]);
  fs.writeFileSync(blob, gzipSync(content));
  const diffId: Digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const error = await rejection(ensureLayer(root, { chainId: diffId, diffId, blob, below: () => [] }));
  assert.is(error.code, 'no-space');
  assert.match(
    error.message,
    /^no space left on device while unpacking layer sha256:[0-9a-f]+: it needs at least [\d.]+ kB, [\d.]+ MB are free, 64 MB are kept free for /,
  );
  assert.is(error.fix, 'free some space: `minidock rm`, `minidock image prune`; or choose another disk with --root');
  assert.equal(
    fs.readdirSync(path.join(root, 'layers')).filter(name => !name.startsWith('.lock')),
    [],
  );
  const imported = await rejection(importImage({ root, source: Readable.from([content]) }));
  assert.is(imported.code, 'no-space');
  assert.equal(
    leftovers(root).filter(name => !name.startsWith('.lock')),
    [],
  );
});

test('64 MB of a disk are kept free, to the byte and for what an archive says it will hold', async () => {
  const root = temporaryFolder('reserve');
  assert.is(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=80m', 'tmpfs', root]).status, 0);
  const { bavail, bsize } = fs.statfsSync(root);
  const spare = bavail * bsize - 64_000_000;
  const guard = new BombGuard(() => 1000, root, 'layer x');
  guard.checkDisk(spare);
  assert.throws(
    () => guard.checkDisk(spare + 1),
    (error: MinidockError) =>
      error.code === 'no-space' &&
      /x: it needs at least 19\.\d MB, 83\.9 MB are free, 64 MB are kept free/.test(error.message),
  );
  fs.writeFileSync(path.join(root, 'ballast'), Buffer.alloc(spare + 4096));
  assert.throws(() => guard.checkDisk(), /x: (63\.9|64) MB are free, 64 MB are kept free/);
});

test('corrupt, truncated and mislabelled layers are refused and leave nothing', async () => {
  const root = temporaryFolder('root');
  const content = await archive([{ name: 'file', content: Buffer.alloc(100_000, 'x') }]);
  const good = gzipSync(content);
  const diffId: Digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const corrupt = Buffer.from(good);
  corrupt.fill(0xff, 40, 60);
  const cases: [Buffer, string, RegExp][] = [
    [corrupt, 'corrupt-data', /is no valid gzip/],
    [good.subarray(0, good.length - 20), 'corrupt-data', /is no valid gzip: unexpected end of file/],
    [gzipSync(content.subarray(0, 50_000)), 'digest-mismatch', /unpacks to sha256:/],
    [gzipSync(Buffer.concat([content, Buffer.from('more')])), 'digest-mismatch', /unpacks to sha256:/],
    [Buffer.from('BZh91AY&SY'), 'corrupt-data', /is no valid bzip2: /],
    [Buffer.from('28b52ffd00000000', 'hex'), 'corrupt-data', /is no valid zstd: /],
    [Buffer.from('<html>'.repeat(200)), 'corrupt-layer', /no valid tar archive/],
  ];
  for (const [bytes, code, message] of cases) {
    const blob = path.join(root, 'blob');
    fs.writeFileSync(blob, bytes);
    const error = await rejection(ensureLayer(root, { chainId: diffId, diffId, blob, below: () => [] }));
    assert.is(error.code, code);
    assert.match(error.message, message);
    assert.equal(fs.readdirSync(path.join(root, 'layers')), []);
  }
  const truncated = await rejection(importImage({ root, source: Readable.from([content.subarray(0, 50_000)]) }));
  assert.match(truncated.message, /no valid tar archive: it ends in the middle of a file/);
});

requires('root', 'zstd')(
  'a zstd layer unpacks as its tar; one cut short, or that wants gigabytes of memory, is refused',
  async () => {
    const root = temporaryFolder('root');
    const noise = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919 * (i % 251)) & 0xff));
    const content = await archive([{ name: 'file', content: noise }]);
    const diffId: Digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    const good = spawnSync('zstd', ['-cq'], { input: content, maxBuffer: 1 << 26 }).stdout;
    const blob = path.join(root, 'blob');
    const ensure = () => ensureLayer(root, { chainId: diffId, diffId, blob, below: () => [] });
    // A stream that says it needs a window of two gigabytes (RFC 8878, 3.1.1.1.2).
    const wide = Buffer.concat([Buffer.from('28b52ffd00a8', 'hex'), good.subarray(6)]);
    for (const bytes of [good.subarray(0, good.length - 20), wide]) {
      fs.writeFileSync(blob, bytes);
      assert.match((await rejection(ensure())).message, /is no valid zstd: /);
      assert.equal(fs.readdirSync(path.join(root, 'layers')), []);
    }
    fs.writeFileSync(blob, good);
    assert.ok(await ensure());
    assert.equal(fs.readFileSync(path.join(layerDirectory(root, diffId), 'file')), noise);
  },
);

for (const program of ['xz', 'bzip2'] as const)
  requires('root', program)(`a layer compressed with ${program} unpacks as its tar, as Docker takes it`, async () => {
    const root = temporaryFolder('root');
    const content = await archive([{ name: 'file', content: Buffer.alloc(3_000_000, 'abc') }]);
    const diffId: Digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    const blob = path.join(root, 'blob');
    fs.writeFileSync(blob, spawnSync(program, ['-c'], { input: content, maxBuffer: 1 << 26 }).stdout);
    assert.ok(await ensureLayer(root, { chainId: diffId, diffId, blob, below: () => [] }));
    assert.is(fs.statSync(path.join(layerDirectory(root, diffId), 'file')).size, 3_000_000);
  });

test('a bomb is stopped by its ratio, and before the disk is full', async () => {
  const root = temporaryFolder('root');
  const content = await archive([{ name: 'zeros', content: Buffer.alloc(20 << 20) }]);
  const diffId: Digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const blob = path.join(root, 'blob');
  fs.writeFileSync(blob, gzipSync(content));
  const ensure = (limits: BombLimits) => ensureLayer(root, { chainId: diffId, diffId, blob, below: () => [], limits });
  const swollen = await rejection(ensure({ freeBytes: 1 << 20 }));
  assert.is(swollen.code, 'hostile-layer');
  assert.match(swollen.message, /its 20\.\d kB unpack to more than \d+(\.\d+)? MB$/);
  assert.is((await rejection(ensure({ reservedBytes: 1e18 }))).code, 'no-space');
  assert.equal(fs.readdirSync(path.join(root, 'layers')), []);
  assert.ok(await ensure({ freeBytes: 1 << 20, maxRatio: 1100 }));
});

test('an error of the filesystem is one printable line, whatever the image calls its files', async () => {
  const name = `${'\x1b[31m\n/'.repeat(700)}x`;
  const error = await rejection(unpack([{ name, content: '' }]));
  assert.match(error.message, /^"[^\n]*…" in the archive is refused: a path of more than 4095 bytes/);
  assert.not.match(error.message, /[\x00-\x1f]/);
  assert.ok(error.message.length < 600);
});

requires('root', 'lsattr')(
  'ext4 spreads the layers over the disk; a filesystem that cannot is no obstacle',
  async () => {
    const root = temporaryFolder('root');
    await unpack([{ name: 'a', content: '' }], root);
    const isExt4 = fs.statfsSync(root).type === 0xef53;
    const [attributes = ''] = spawnSync('lsattr', ['-d', path.join(root, 'layers')], { encoding: 'utf8' }).stdout.split(
      ' ',
    );
    if (isExt4) assert.ok(attributes.includes('T'), attributes);
    const other = temporaryFolder('tmpfs');
    assert.is(spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', other]).status, 0);
    await unpack([{ name: 'a', content: '' }], other);
  },
);

test('processes that unpack the same layer at once share the work', async () => {
  const root = temporaryFolder('root');
  const members = Array.from(
    { length: 300 },
    (_, i): Member => ({ name: `d${i % 10}/f${i}`, content: `${i}`.repeat(500) }),
  );
  const content = await archive(members);
  const blob = path.join(root, 'blob');
  fs.writeFileSync(blob, gzipSync(content));
  const diffId = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const code = `import { ensureLayer } from ${JSON.stringify(path.join(checkout, 'src/storage/layers.ts'))};
    const [root, blob, diffId] = process.argv.slice(1);
    ensureLayer(root, { chainId: diffId, diffId, blob, below: () => [] }).then(worked => process.exit(worked ? 10 : 20));`;
  const statuses = await Promise.all(
    Array.from(
      { length: 4 },
      () =>
        new Promise<number | null>(done => {
          const args = ['--import', 'tsx', '--input-type=module', '-e', code, root, blob, diffId];
          spawn(process.execPath, args, { cwd: checkout, stdio: ['ignore', 'inherit', 'inherit'] }).on('close', done);
        }),
    ),
  );
  assert.equal(statuses.sort(), [10, 20, 20, 20]);
  assert.is(fs.readdirSync(path.join(root, 'layers', diffId.slice(7), 'diff')).length, 10);
  assert.equal(leftovers(root), []);
});

test.run();
