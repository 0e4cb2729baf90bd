import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import tar from 'tar-stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TarError } from './error.ts';
import type { TarEntry } from './header.ts';
import { TarReader } from './reader.ts';

interface Read extends TarEntry {
  content: string;
  ended: boolean;
}

/** Reads an archive in chunks of `step` bytes; content of sparse files with their holes. */
function read(archive: Buffer, step = archive.length): Read[] {
  const members: Read[] = [];
  let content = Buffer.alloc(0);
  const reader = new TarReader({
    entry(entry) {
      members.push({ ...entry, content: '', ended: false });
      content = Buffer.alloc(entry.size);
    },
    data: (chunk, position) => void chunk.copy(content, position),
    end() {
      Object.assign(members.at(-1)!, { content: content.toString('latin1'), ended: true });
    },
  });
  for (let at = 0; at < archive.length; at += step) reader.write(archive.subarray(at, at + step));
  reader.finish();
  return members;
}

/** What the tar program makes of a folder. */
function gnuTar(prepare: (folder: string) => void, ...args: string[]): Buffer {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-tar-'));
  try {
    prepare(folder);
    const { status, stdout, stderr } = spawnSync('tar', ['-c', ...args, '-C', folder, '.'], { maxBuffer: 1 << 26 });
    if (status !== 0) throw new Error(stderr.toString());
    return stdout;
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

function packed(...members: [Partial<tar.Header> & { name: string }, string?][]): Promise<Buffer> {
  const pack = tar.pack();
  for (const [header, content] of members) pack.entry(header as tar.Header, content ?? '');
  pack.finalize();
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    pack.on('data', chunk => {
      chunks.push(chunk as Buffer);
    });
    pack.on('end', () => resolve(Buffer.concat(chunks)));
    pack.on('error', reject);
  });
}

const longName = `${'directory-with-a-long-name/'.repeat(12)}file`;

for (const format of ['v7', 'ustar', 'gnu', 'pax']) {
  test(`reads what GNU tar writes in the format ${format}`, () => {
    const name = format === 'v7' || format === 'ustar' ? 'a/b' : longName;
    const archive = gnuTar(
      folder => {
        fs.mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
        fs.writeFileSync(path.join(folder, name), 'content\n');
        fs.chmodSync(path.join(folder, name), 0o4751);
        fs.symlinkSync('../target', path.join(folder, 'link'));
        fs.linkSync(path.join(folder, name), path.join(folder, 'zz-hard'));
        fs.utimesSync(path.join(folder, name), 1_500_000_000.25, 1_500_000_000.25);
      },
      `--format=${format}`,
      '--sort=name',
      '--owner=:70001',
      '--group=:70002',
    );
    for (const step of [archive.length, 1, 512, 700]) {
      const members = read(archive, step);
      const file = members.find(member => member.name === `./${name}`)!;
      assert.is(file.content, 'content\n');
      assert.is(file.mode, 0o4751);
      assert.is(file.uid, 70001);
      assert.is(file.gid, 70002);
      assert.is(file.mtime, format === 'pax' ? 1_500_000_000.25 : 1_500_000_000);
      assert.is(members.find(member => member.name === './link')?.target, '../target');
      assert.is(members.find(member => member.type === 'link')?.target, `./${name}`);
      assert.ok(members.every(member => member.ended));
    }
  });
}

for (const format of ['--format=gnu', '--sparse-version=0.0', '--sparse-version=0.1', '--sparse-version=1.0']) {
  test(`reads sparse files: ${format}`, () => {
    const size = 3 << 20;
    const archive = gnuTar(
      folder => {
        const fd = fs.openSync(path.join(folder, 'sparse'), 'w');
        for (let i = 0; i < 30; i++) fs.writeSync(fd, `<${i}>`, i * 65536);
        fs.ftruncateSync(fd, size);
        fs.closeSync(fd);
        fs.writeFileSync(path.join(folder, 'tail'), 'after');
      },
      '-S',
      '--sort=name',
      ...(format.startsWith('--sparse') ? ['--format=pax'] : []),
      format,
    );
    assert.ok(archive.length < size / 2, 'GNU tar made no sparse archive');
    for (const step of [archive.length, 1000]) {
      const [, sparse, tail] = read(archive, step);
      assert.is(sparse?.name.replace('./', ''), 'sparse');
      assert.is(sparse?.size, size);
      const expected = Buffer.alloc(size);
      for (let i = 0; i < 30; i++) expected.write(`<${i}>`, i * 65536);
      assert.ok(sparse?.content === expected.toString('latin1'));
      assert.is(tail?.content, 'after');
    }
  });
}

test('keeps binary extended attributes and names byte for byte', () => {
  const record = (keyword: string, value: Buffer): Buffer => {
    const rest = Buffer.concat([Buffer.from(` ${keyword}=`), value, Buffer.from('\n')]);
    let length = rest.length;
    while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
    return Buffer.concat([Buffer.from(String(length)), rest]);
  };
  // cap_setgid, cap_setuid: 0xc0 is no UTF-8.
  const capability = Buffer.from('01000002c0000000000000000000000000000000', 'hex');
  const pax = Buffer.concat([
    record('SCHILY.xattr.security.capability', capability),
    record('path', Buffer.from([0x66, 0xff, 0x0a])),
  ]);
  const [member] = read(Buffer.concat([block('x', 'x', pax.length), padded(pax), block('0', 'plain', 0), end]));
  assert.equal(member?.xattrs.get('security.capability'), capability);
  assert.is(member?.name, 'f\xff\n');
});

test('reads large ids in base 256 and devices', async () => {
  const huge = block('0', 'file', 0, header => {
    header.write('\x80', 108, 'latin1');
    header.fill(0, 109, 112);
    header.writeUInt32BE(4_000_000_000, 112);
  });
  assert.is(read(Buffer.concat([huge, end]))[0]?.uid, 4_000_000_000);
  const device = await packed([{ name: 'dev/sda9', type: 'block-device', devmajor: 8, devminor: 9 }]);
  const [node] = read(device);
  assert.equal([node?.type, node?.major, node?.minor], ['block', 8, 9]);
});

test('an archive may lack its end, but not the end of a member', async () => {
  const archive = await packed([{ name: 'a' }, 'x'.repeat(1000)], [{ name: 'b' }, 'y']);
  assert.is(read(archive.subarray(0, 512 + 1024 + 512 + 512)).length, 2);
  for (const length of [1, 511, 513, 512 + 999, 512 + 1024 + 100]) {
    assert.throws(
      () => read(archive.subarray(0, length)),
      (error: unknown) => error instanceof TarError && /ends in the middle/.test(error.message),
    );
  }
});

const malformed: [string, () => Buffer, RegExp][] = [
  ['a wrong checksum', () => block('0', 'a', 0, header => header.write('z', 0), false), /checksum/],
  ['what is no archive', () => Buffer.from('<html>'.repeat(200)), /octal|checksum/],
  ['an unknown type', () => block('M', 'a', 0), /unknown type "M"/],
  ['a negative size', () => block('0', 'a', 0, header => header.fill(0xff, 124, 136)), /negative/],
  [
    'a size beyond what numbers hold',
    () => block('0', 'a', 0, header => header.fill(0x7f, 125, 136).fill(0x80, 124, 125)),
    /too large/,
  ],
  ['a size that is no number', () => block('0', 'a', 0, header => header.write('12x4', 124)), /octal/],
  ['a giant extended header', () => block('x', 'a', 1 << 30), /too long/],
  [
    'a PAX record without a length',
    () => Buffer.concat([block('x', 'a', 5), padded(Buffer.from('a=b\n\n'))]),
    /malformed/,
  ],
  [
    'a PAX record longer than its header',
    () => Buffer.concat([block('x', 'a', 9), padded(Buffer.from('99 path=a'))]),
    /malformed/,
  ],
  ['a NUL in a PAX path', () => pax('path=a\0b'), /NUL/],
  ['a PAX size that is no number', () => pax('size=-1'), /no number/],
  ['overlapping sparse ranges', () => pax('GNU.sparse.size=100', 'GNU.sparse.map=10,20,5,5'), /sparse/],
  ['a sparse map past the end', () => pax('GNU.sparse.size=100', 'GNU.sparse.map=90,20'), /sparse/],
  ['a sparse map without its data', () => pax('GNU.sparse.size=100', 'GNU.sparse.map=0,20'), /sparse/],
];

for (const [what, archive, message] of malformed) {
  test(`refuses ${what}`, () => {
    assert.throws(
      () => read(Buffer.concat([archive(), end])),
      (error: unknown) => error instanceof TarError && message.test(error.message),
    );
  });
}

const end = Buffer.alloc(1024);

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** A header block; `change` edits it before the checksum is put in, or after it where `sum` is false. */
function block(flag: string, name: string, size: number, change?: (header: Buffer) => void, sum = true): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write(flag, 156);
  header.write('ustar\x0000', 257);
  if (sum) change?.(header);
  header.fill(0x20, 148, 156);
  const total = header.reduce((a, b) => a + b, 0);
  header.write(`${total.toString(8).padStart(6, '0')}\0 `, 148);
  if (!sum) change?.(header);
  return header;
}

function pax(...records: string[]): Buffer {
  const content = Buffer.from(
    records
      .map(record => {
        const length = record.length + 2;
        const digits = String(length + String(length + 2).length);
        return `${digits} ${record}\n`;
      })
      .join(''),
  );
  return Buffer.concat([block('x', 'pax', content.length), padded(content), block('0', 'file', 0)]);
}

test.run();
