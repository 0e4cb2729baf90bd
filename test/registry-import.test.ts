import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { type ImportOptions, importImage } from '../src/image/import.ts';
import { ImageStore } from '../src/image/store.ts';
import { archive } from './support/archive.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { digestOf } from './support/faulty-registry.ts';
import { minidockPath, sandbox } from './support/minidock.ts';
import { rejection } from './support/rejection.ts';
import { requires } from './support/requires.ts';

const test = requires('root');
const content = await archive([
  { name: 'bin/tool', content: 'tool', mode: 0o755 },
  { name: 'big', content: Buffer.alloc(3_000_000, 'abc') },
]);

/** Pieces of a stream, as a pipe brings them. */
function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const members = Buffer.concat([gzipSync(content.subarray(0, 1000)), gzipSync(content.subarray(1000))]);
const through = (program: string) => execFileSync(program, ['-qc'], { input: content, maxBuffer: 1 << 26 });

for (const [what, make, test] of [
  ['a tar', () => content, requires('root')],
  ['an xz', () => through('xz'), requires('root', 'xz')],
  ['a bzip2', () => through('bzip2'), requires('root', 'bzip2')],
  ['a zstd', () => through('zstd'), requires('root', 'zstd')],
  ['a gzip', () => gzipSync(content), requires('root')],
  ['several gzip members', () => members, requires('root')],
] as const) {
  test(`${what}, from a stream and from a file`, async () => {
    const bytes = make();
    for (const size of [3, 65_536, bytes.length]) {
      if (size === 3 && bytes.length > 1_000_000) continue;
      const root = temporaryFolder('root');
      const image = await importImage({ root, source: Readable.from(pieces(bytes, size)), reference: 'app:1' });
      assert.equal(image.diffIds, [digestOf(content)]);
      assert.is(image.size, 3_000_004);
      assert.is(fs.readFileSync(path.join(image.layers[0]!, 'bin/tool'), 'utf8'), 'tool');
      assert.is(new ImageStore(root).get('app:1').id, image.id);
    }
    const file = path.join(temporaryFolder('file'), 'rootfs.tar');
    fs.writeFileSync(file, bytes);
    const image = await importImage({ root: temporaryFolder('root'), source: file });
    assert.equal([image.diffIds, image.repoTags], [[digestOf(content)], []]);
  });
}

test('changes, message and platform are in the config', async () => {
  const image = await importImage({
    root: temporaryFolder('root'),
    source: Readable.from([content]),
    reference: 'team/app',
    changes: ['CMD ["/bin/tool"]', 'ENV A=1', 'EXPOSE 80'],
    message: 'a message',
    platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
  });
  assert.equal(image.config, { Cmd: ['/bin/tool'], Env: ['A=1'], ExposedPorts: { '80/tcp': {} } });
  assert.equal([image.repoTags, image.architecture, image.variant], [['team/app:latest'], 'arm', 'v7']);
  assert.is(image.history[0]?.comment, 'a message');
});

requires('root', 'skopeo')('what was imported is an image for others', async () => {
  const root = temporaryFolder('root');
  const image = await importImage({
    root,
    source: Readable.from([content]),
    reference: 'app:1',
    changes: ['CMD /bin/tool'],
  });
  const folder = path.join(root, 'copy');
  execFileSync('skopeo', [
    '--insecure-policy',
    'copy',
    '-q',
    `oci:${root}/images:docker.io/library/app:1`,
    `dir:${folder}`,
  ]);
  assert.is(JSON.parse(fs.readFileSync(path.join(folder, 'manifest.json'), 'utf8')).config.digest, image.id);
});

test('what cannot be imported says why and leaves nothing', async () => {
  const root = temporaryFolder('root');
  const corrupt = gzipSync(content);
  corrupt.fill(0xff, 100, 200);
  const cases: [Partial<ImportOptions>, RegExp][] = [
    [{ source: '/nonexistent/rootfs.tar' }, /^cannot import "\/nonexistent\/rootfs\.tar": no such file$/],
    // Which of the two sees it first depends on what the broken bytes inflate to.
    [{ source: Readable.from([corrupt]) }, /^the archive is no valid (gzip|tar archive): /],
    [
      { source: Readable.from([gzipSync(content).subarray(0, 500)]) },
      /^the archive is no valid gzip: unexpected end of file$/,
    ],
    [
      { source: Readable.from([content.subarray(0, 3000)]) },
      /is no valid tar archive: it ends in the middle of a file$/,
    ],
    [{ source: Readable.from([Buffer.from('BZh91AY&SY')]) }, /^the archive is no valid bzip2: /],
    [{ source: Readable.from([]) }, /^the archive is empty$/],
    [{ reference: 'App' }, /must be lowercase/],
    [{ reference: `app@sha256:${'0'.repeat(64)}` }, /^cannot name an image by a digest/],
    [{ changes: ['RUN true'] }, /^invalid change "RUN true"/],
  ];
  for (const [options, message] of cases) {
    const error = await rejection(importImage({ root, source: Readable.from([content]), ...options }));
    assert.match(error.message, message);
    const files = ['images/.partial', 'images/blobs/sha256', 'layers'].flatMap(folder => {
      const at = path.join(root, folder);
      return fs.existsSync(at) ? fs.readdirSync(at) : [];
    });
    assert.equal(files, [], String(message));
  }
});

test('from a URL, which the history names; a server that fails is named', async () => {
  const server = http.createServer((request, response) => {
    if (request.url === '/rootfs.tar') response.end(content);
    else if (request.url === '/broken.tar') {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 5000), () => response.destroy());
    } else response.writeHead(404).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const box = sandbox();
  try {
    await box.ok(['import', '--platform', 'linux/arm64', `${url}/rootfs.tar`, 'app:1']);
    const [image] = JSON.parse(await box.ok(['inspect', 'app:1']));
    assert.is(image.Architecture, 'arm64');
    const history = await box.ok(['history', '--format', '{{.Comment}}', 'app:1']);
    assert.is(history.trim(), `Imported from ${url}/rootfs.tar`);
    for (const [file, reason] of [
      ['broken.tar', 'the connection broke: aborted'],
      ['none.tar', 'the server answered 404'],
    ]) {
      const { exitCode, stderr } = await box.minidock(['import', `${url}/${file}`, 'bad:1']);
      assert.is(exitCode, 1);
      assert.match(String(stderr), `minidock: cannot import "${url}/${file}": ${reason}`);
    }
    assert.not.match(await box.ok(['images']), 'bad');
  } finally {
    server.close();
  }
});

test('Ctrl-C while it waits for standard input', async () => {
  const box = sandbox();
  const child = spawn(minidockPath, ['import', '-', 'app:1'], {
    env: { ...process.env, ...box.env },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const partial = path.join(box.env.MINIDOCK_ROOT!, 'images/.partial');
  await eventually(() => fs.existsSync(partial) && fs.readdirSync(partial).length > 0, 10);
  child.kill('SIGINT');
  const [code] = await once(child, 'close');
  assert.is(code, 130);
  assert.equal(fs.readdirSync(partial), []);
});

test.run();
