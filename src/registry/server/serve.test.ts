import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Layout } from '../../image/layout.ts';
import type { Descriptor } from '../../oci/manifest.ts';
import { parseRange, type RegistryServer, serve } from './serve.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-serve-'));
const layout = new Layout(folder);
const blob = layout.write(Buffer.from('0123456789'));
const type = 'application/vnd.oci.image.manifest.v1+json';
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: type,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: blob, size: 10 },
    layers: [],
  }),
);
const digest = layout.write(manifest);
const named = (name: string): Descriptor => ({
  mediaType: type,
  digest,
  size: manifest.length,
  annotations: { 'org.opencontainers.image.ref.name': name },
});
let server: RegistryServer;
test.before(async () => {
  await layout.update(() => [
    named('docker.io/library/nginx:alpine'),
    named('docker.io/library/nginx:1'),
    named('localhost:5000/team/app:2'),
    named('edge'),
  ]);
  server = await serve({ layout: folder, repository: 'demo/page' });
});
test.after(async () => {
  await server.close();
  fs.rmSync(folder, { recursive: true });
});

interface Reply {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** Not fetch, which tidies paths. */
function ask(target: string, options: http.RequestOptions = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = http.request(server.url, { path: target, agent: false, ...options }, response => {
      let body = '';
      response.on('data', chunk => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    request.on('error', reject).end();
  });
}

test('the base, the catalog and tags, page by page', async () => {
  assert.is((await ask('/v2/')).status, 200);
  assert.equal(JSON.parse((await ask('/v2/_catalog')).body), {
    repositories: ['demo/page', 'library/nginx', 'team/app'],
  });
  const page = await ask('/v2/_catalog?n=2');
  assert.equal(JSON.parse(page.body), { repositories: ['demo/page', 'library/nginx'] });
  const [, next] = /^<(.*)>; rel="next"$/.exec(String(page.headers.link)) ?? [];
  const end = await ask(next!);
  assert.equal([JSON.parse(end.body), end.headers.link], [{ repositories: ['team/app'] }, undefined]);
  for (const name of ['library/nginx', 'nginx']) {
    assert.equal(JSON.parse((await ask(`/v2/${name}/tags/list`)).body).tags, ['1', 'alpine'], name);
  }
});

test('manifests by tag and digest, with their type, and without a body for HEAD', async () => {
  for (const target of [
    'library/nginx/manifests/alpine',
    'nginx/manifests/1',
    `team/app/manifests/${digest}`,
    'demo/page/manifests/edge',
  ]) {
    const { status, headers, body } = await ask(`/v2/${target}`);
    assert.equal(
      [status, headers['content-type'], headers['docker-content-digest'], body],
      [200, type, digest, manifest.toString()],
    );
  }
  const head = await ask('/v2/team/app/manifests/2', { method: 'HEAD' });
  assert.equal([head.status, head.headers['content-length'], head.body], [200, String(manifest.length), '']);
});

test('blobs, whole and in part', async () => {
  const at = `/v2/team/app/blobs/${blob}`;
  assert.is((await ask(at)).body, '0123456789');
  const part = await ask(at, { headers: { range: 'bytes=3-' } });
  assert.equal([part.status, part.headers['content-range'], part.body], [206, 'bytes 3-9/10', '3456789']);
  const beyond = await ask(at, { headers: { range: 'bytes=10-' } });
  assert.equal([beyond.status, beyond.headers['content-range']], [416, 'bytes */10']);
  const head = await ask(at, { method: 'HEAD' });
  assert.equal([head.status, head.headers['content-length'], head.body], [200, '10', '']);
  const empty = await ask(`/v2/team/app/blobs/${layout.write(Buffer.alloc(0))}`);
  assert.equal([empty.status, empty.headers['content-length'], empty.body], [200, '0', '']);
});

for (const [target, status, code] of [
  ['/v2/nothing/manifests/1', 404, 'MANIFEST_UNKNOWN'],
  ['/v2/team/app/manifests/3', 404, 'MANIFEST_UNKNOWN'],
  ['/v2/nothing/tags/list', 404, 'NAME_UNKNOWN'],
  [`/v2/team/app/blobs/sha256:${'0'.repeat(64)}`, 404, 'BLOB_UNKNOWN'],
  ['/v2/team/app/blobs/sha256:..%2f..%2f..%2fetc%2fpasswd', 400, 'DIGEST_INVALID'],
  ['/v2/team/app/blobs/%E0%A4%A', 400, 'NAME_INVALID'],
  // The config is no manifest, whatever it is asked for as.
  [`/v2/team/app/manifests/${blob}`, 404, 'MANIFEST_UNKNOWN'],
  ['/v2/../../etc/passwd', 404, 'NAME_UNKNOWN'],
  ['/', 404, 'NAME_UNKNOWN'],
] as const) {
  test(`${target} is ${status}`, async () => {
    const reply = await ask(target);
    assert.equal([reply.status, JSON.parse(reply.body).errors[0].code], [status, code]);
  });
}

test('nothing is taken', async () => {
  for (const method of ['PUT', 'POST', 'DELETE', 'PATCH'])
    assert.is((await ask('/v2/x/blobs/uploads/', { method })).status, 405);
});

test('ranges of bytes', () => {
  assert.equal(parseRange('bytes=0-4', 10), { start: 0, end: 4 });
  assert.equal(parseRange('bytes=5-', 10), { start: 5, end: 9 });
  assert.equal(parseRange('bytes=-3', 10), { start: 7, end: 9 });
  assert.equal(parseRange('bytes=-30', 10), { start: 0, end: 9 });
  assert.equal(parseRange('bytes=5-500', 10), { start: 5, end: 9 });
  for (const header of [undefined, 'bytes=-', 'bytes=4-2', 'bytes=0-1,3-4', 'lines=1-2'])
    assert.is(parseRange(header, 10), undefined);
  for (const header of ['bytes=10-', 'bytes=-0']) assert.is(parseRange(header, 10), 'unsatisfiable');
});

test.run();
