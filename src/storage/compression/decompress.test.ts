import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rejection } from '../../../test/support/rejection.ts';
import { decompress } from './decompress.ts';

async function read(content: Buffer, chunkSize = 1000): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let at = 0; at < content.length; at += chunkSize) chunks.push(content.subarray(at, at + chunkSize));
  return readAll(Readable.from(chunks));
}

async function readAll(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const found: Buffer[] = [];
  for await (const chunk of decompress(source, 'the archive')) found.push(chunk);
  return Buffer.concat(found);
}

const text = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join(''));

const through = (program: string, content: Buffer) => {
  const { status, stdout } = spawnSync(program, ['-qc'], { input: content, maxBuffer: 1 << 26 });
  return status === 0 ? stdout : undefined;
};

test('plain bytes pass as they are, however they are cut', async () => {
  for (const size of [1, 5, 1000]) assert.equal(await read(text.subarray(0, 3000), size), text.subarray(0, 3000));
  assert.is((await read(Buffer.alloc(0))).length, 0);
  assert.is((await read(Buffer.from('abc'))).toString(), 'abc');
});

test('gzip, of several members as pigz and tar make it', async () => {
  const half = text.length >> 1;
  const members = Buffer.concat([gzipSync(text.subarray(0, half)), gzipSync(text.subarray(half))]);
  assert.equal(await read(members, 1), text);
});

for (const program of ['zstd', 'xz', 'bzip2']) {
  const packed = through(program, text);
  if (packed === undefined) {
    process.stdout.write(`  skipped: ${program} (it is not installed)\n`);
    test.skip(program, () => {});
    continue;
  }
  test(`${program}: whole, and cut`, async () => {
    assert.equal(await read(packed, 7), text);
    const cut = await rejection(read(packed.subarray(0, -20)));
    assert.match(cut.message, new RegExp(`^the archive is no valid ${program}: (?!${program} failed)`));
  });

  test(`${program}: several streams are one, and bytes behind the end are refused`, async () => {
    assert.equal(await read(Buffer.concat([packed, packed])), Buffer.concat([text, text]));
    const { code, message } = await rejection(read(Buffer.concat([packed, Buffer.from('more follows here')])));
    assert.is(code, 'corrupt-data');
    assert.match(message, new RegExp(`^the archive is no valid ${program}: (?!${program} failed)`));
  });

  test(`${program}: a source that fails half-way, and a PATH with another ${program}`, async () => {
    async function* failing() {
      yield packed!.subarray(0, 100);
      throw new Error('the pipe broke');
    }
    assert.is((await rejection(readAll(failing()))).message, 'the pipe broke');
    const bin = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-path-'));
    const { PATH } = process.env;
    try {
      fs.writeFileSync(path.join(bin, program), '#!/bin/sh\necho evil\n', { mode: 0o755 });
      process.env.PATH = `${bin}:${PATH}`;
      assert.equal(await read(packed), text);
    } finally {
      process.env.PATH = PATH;
      fs.rmSync(bin, { recursive: true });
    }
  });
}

test('bytes behind the end of a gzip stream are refused, however they are cut', async () => {
  const packed = gzipSync(text);
  for (const tail of [Buffer.alloc(512), Buffer.from('more')])
    for (const size of [1000, packed.length, packed.length + 600]) {
      const { message } = await rejection(read(Buffer.concat([packed, tail]), size));
      assert.match(message, /^the archive is no valid gzip: (\d+ bytes follow its end|incorrect header check)$/);
    }
});

test('a broken gzip is named', async () => {
  const broken = gzipSync(text);
  broken[2000] = broken[2000]! ^ 0xff;
  assert.match((await rejection(read(broken))).message, /^the archive is no valid gzip: /);
});

test('an error of the source comes through', async () => {
  async function* failing() {
    yield gzipSync(text).subarray(0, 100);
    throw new Error('the pipe broke');
  }
  assert.is((await rejection(readAll(failing()))).message, 'the pipe broke');
});

test.run();
