import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { archive, gzipped, type Member } from '../../../test/support/archive.ts';
import { Members } from './members.ts';

let folder = '';
test.before.each(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-members-'));
});
test.after.each(() => fs.rmSync(folder, { recursive: true }));

async function read(members: Member[], cut = 0): Promise<Members> {
  return readTar(await archive(members), cut);
}

async function readTar(content: Buffer, cut = 0): Promise<Members> {
  const found = new Members(folder);
  // In pieces that fit nothing, and not too many of them.
  const size = 700 + (content.length >> 8);
  await found.readAll(
    (async function* () {
      for (let at = 0; at < content.length - cut; at += size)
        yield content.subarray(at, Math.min(at + size, content.length - cut));
    })(),
  );
  return found;
}

const link = (name: string, linkname: string): Member => ({ name, type: 'symlink', linkname });
const fails = (members: Member[], cut?: number) => message(read(members, cut));
const message = (reading: Promise<Members>): Promise<string> =>
  reading.then(
    () => 'it did not fail',
    error => error.message,
  );
/** As new, for the second archive of a test. */
function emptyFolder(): void {
  fs.rmSync(folder, { recursive: true });
  fs.mkdirSync(folder);
}

test('files are spooled under numbers, with size and digest', async () => {
  const members = await read([
    { name: './a/b', content: 'hello' },
    { name: 'empty' },
    { name: 'hard', type: 'link', linkname: 'a/b' },
    { name: 'large', content: 'x'.repeat(5000) },
  ]);
  const file = members.file('a/b');
  assert.is(file.digest, 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
  assert.equal([file.size, members.file('empty').size, members.file('large').size], [5, 0, 5000]);
  assert.is(fs.readFileSync(file.path, 'utf8'), 'hello');
  assert.is(members.file('hard'), file);
  assert.equal(fs.readdirSync(folder).sort(), ['1', '2', '4']);
  assert.is(members.read('./a//b', 5).toString(), 'hello');
  assert.throws(() => members.read('a/b', 4), /its "a\/b" has 5 bytes, more than 4/);
});

test('links are followed inside the archive only', async () => {
  const members = await read([
    { name: 'x/layer.tar', content: 'layer' },
    link('y/layer.tar', '../x/layer.tar'),
    link('z', './y/layer.tar'),
    link('circle', 'circle'),
    link('dangling', 'gone'),
  ]);
  assert.is(members.file('z').name, 'x/layer.tar');
  assert.throws(() => members.file('circle'), /chain of more than 10 links/);
  assert.throws(() => members.file('dangling'), /it has no file "dangling"/);
  for (const name of ['../x', '/etc/passwd', 'a/../../b'])
    assert.throws(() => members.file(name), /climbs out|absolute/);
  for (const target of ['/etc/passwd', '../../x', '..']) {
    assert.match(await fails([link('evil', target)]), /out of the archive/);
  }
});

test('the same name twice is one file, or an attack', async () => {
  const twice = (second: string) => [
    { name: 'a', content: 'one' },
    { name: './a', content: second },
  ];
  assert.is((await read(twice('one'))).file('a').size, 3);
  emptyFolder();
  assert.match(await fails(twice('two')), /holds "a" twice, with different content/);
  const directory: Member = { name: 'd/', type: 'directory' };
  await read([link('l', 'a'), link('l', 'a'), directory, { ...directory, name: './d' }]);
  assert.match(await fails([link('l', 'a'), link('l', 'b')]), /holds "l" twice, with different content/);
  for (const other of [link('d', 'a'), { name: 'd' }]) {
    assert.match(await fails([directory, other]), /holds "d" twice, with different content/);
    emptyFolder();
  }
});

test('a chain of ten links is followed; what is no file, or a file with holes, is none of an image’s', async () => {
  const chain = Array.from({ length: 11 }, (_, i) => link(`link${i + 1}`, i === 0 ? 'end' : `link${i}`));
  const members = await read([{ name: 'end' }, ...chain, { name: 'd/', type: 'directory' }]);
  assert.is(members.file('link10').name, 'end');
  assert.throws(() => members.file('link11'), /"link11" is a chain of more than 10 links/);
  assert.throws(() => members.file('d'), /"d", which it names, is a directory/);
  for (const type of ['character-device', 'block-device', 'fifo'] as const)
    assert.match(
      await fails([{ name: 'odd', type }]),
      /"odd" is a (character|block|fifo), which no image archive holds/,
    );
  for (const at of [0, 1 << 20]) {
    emptyFolder();
    const fd = fs.openSync(path.join(folder, 'holes'), 'w');
    fs.writeSync(fd, 'content', at);
    fs.ftruncateSync(fd, (1 << 20) + 7);
    fs.closeSync(fd);
    const tar = execFileSync('tar', ['-C', folder, '-cSf', '-', 'holes']);
    assert.ok(tar.length < 1 << 20, 'GNU tar made no sparse archive');
    assert.match(await message(readTar(tar)), /"holes" is a sparse file/);
  }
});

test('an archive that is cut, empty or none', async () => {
  assert.match(await fails([{ name: 'a', content: 'x'.repeat(2000) }], 3000), /it ends in the middle of a file/);
  assert.match(await fails([{ name: 'a' }], 2048), /it is no tar archive, or an empty one/);
  const members = new Members(folder);
  const error = await members
    .readAll(
      (async function* () {
        yield Buffer.alloc(1024, 'x');
      })(),
    )
    .catch(e => e);
  assert.is(error.code, 'corrupt-archive');
});

test('absurd names and numbers of members are bounded', async () => {
  assert.match(await fails([{ name: `${'n/'.repeat(600)}x` }]), /a name in it has 1201 characters/);
  const many = Array.from({ length: 20_001 }, (_, i): Member => ({ name: `d${i}`, type: 'directory' }));
  assert.match(await fails(many), /more than 20000 members/);
});

test('a bomb ends early; what stays below the free bytes may swell as it likes', async () => {
  const zeros = await gzipped([{ name: 'zeros', content: Buffer.alloc(4 << 20) }]);
  const limits = { freeBytes: 1 << 20, maxRatio: 100 };
  const inflate = (tight?: typeof limits) => new Members(folder, tight).readAll(Readable.from([zeros]));
  const error = await inflate(limits).catch(e => e);
  assert.match(error.message, /^the archive is refused: its \d+(\.\d+)? kB unpack to more than \d(\.\d+)? MB$/);
  emptyFolder();
  await inflate();
});

test.run();
