import http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import type { MinidockError } from '../src/errors.ts';
import { search } from '../src/registry/search.ts';
import { digestOf, faultyRegistry } from './support/faulty-registry.ts';
import { sandbox } from './support/minidock.ts';
import { push, registry } from './support/registry.ts';
import { requires } from './support/requires.ts';

const test = requires('root', 'docker-registry', 'skopeo');
const nothing = { daemonConfig: '/nonexistent', dockerConfig: '/nonexistent', retryDelayMs: 1 };
const image = await busyboxImage();

test('a registry that cannot search has its catalog looked through', async () => {
  const server = await registry();
  for (const name of ['team/web:1', 'team/db:1', 'web:1']) push(`oci:${image.layout}:${image.tag}`, server, name);
  const box = sandbox();
  const names = async (...args: string[]) => (await box.ok(['search', '--format', '{{.Name}}', ...args])).split('\n');
  assert.equal(await names(`${server.host}/web`), ['team/web', 'web']);
  assert.equal(await names(`${server.host}/`), ['team/db', 'team/web', 'web']);
  assert.equal(await names('--limit', '1', `${server.host}/`), ['team/db']);
  assert.match(
    await box.ok(['search', `${server.host}/db`]),
    /^NAME +DESCRIPTION +STARS +OFFICIAL +AUTOMATED *\nteam\/db/,
  );
  const wrong = await box.minidock(['search', '--limit', '101', 'x']);
  assert.match(String(wrong.stderr), /limit 101 is outside the range of \[1, 100\]/);
});

test('Docker Hub is asked for its best, and what it says is one line', async () => {
  const server = await faultyRegistry();
  server.intercept = (request, response) => {
    assert.is(request.url, '/v1/search?q=web&n=2');
    const results = [
      { name: 'nginx', description: 'a\nb\x1b[31m', star_count: 7, is_official: true, is_automated: false },
    ];
    response.end(JSON.stringify({ results }));
    return true;
  };
  const found = await search('web', { ...nothing, hub: server.url, limit: 2 });
  assert.equal(found, [{ name: 'nginx', description: 'a b\x1b[31m', stars: 7, official: true, automated: false }]);
});

test('filters choose by stars and by who made it; one that says nothing is refused before anyone is asked', async () => {
  const server = await faultyRegistry();
  server.intercept = ({ url }, response) => {
    if (!url?.startsWith('/v1/search')) return false;
    const results = [
      { name: 'web', description: '', star_count: 7, is_official: true, is_automated: false },
      { name: 'a/web', description: '', star_count: 3, is_official: false, is_automated: true },
    ];
    response.end(JSON.stringify({ results }));
    return true;
  };
  const box = sandbox();
  const term = `${new URL(server.url).host}/web`;
  const found = (...args: string[]) => box.ok(['search', '--format', '{{.Name}}{{.IsAutomated}}', ...args, term]);
  assert.is(await found(), 'web\na/web[OK]');
  assert.is(await found('-f', 'stars=5'), 'web');
  assert.is(await found('-f', 'is-official=false'), 'a/web[OK]');
  assert.is(await found('-f', 'is-official=1', '-f', 'is-automated=true'), '');
  server.intercept = () => assert.unreachable('asked') as never;
  for (const filter of ['stars=x', 'is-official=maybe', 'is-automated=']) {
    const { exitCode, stderr } = await box.minidock(['search', '-f', filter, term]);
    assert.equal([exitCode, String(stderr).split('\n')[0]], [1, `minidock: invalid filter '${filter}'`]);
  }
});

for (const [what, body, message] of [
  ['HTML', '<html>', /answers with an HTML page: is it a registry\?/],
  ['no list', '{"repositories": 5}', /something else than a list of repositories/],
  ['a list of other things', '{"repositories": [5]}', /something else than a list/],
] as const) {
  test(`a catalog that is ${what} is an error`, async () => {
    const server = await faultyRegistry();
    server.intercept = ({ url }, response) => {
      response.writeHead(url?.startsWith('/v1/') ? 404 : 200).end(body);
      return true;
    };
    const error: MinidockError = await search(`${server.host}/x`, nothing).catch(error => error);
    assert.match(error.message, message);
  });
}

test('a catalog whose pages never end is not followed for ever', async () => {
  let pages = 0;
  const server = http.createServer((request, response) => {
    if (request.url?.startsWith('/v1/')) return void response.writeHead(404).end();
    response.setHeader('link', `</v2/_catalog?last=${pages++}>; rel="next"`);
    response.end('{"repositories": ["a"]}');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const error: MinidockError = await search(`127.0.0.1:${(server.address() as AddressInfo).port}/a`, nothing).catch(
    error => error,
  );
  server.closeAllConnections();
  server.close();
  assert.match(error.message, /lists repositories without end/);
  assert.is(pages, 1000);
});

test('manifest inspect shows the manifest, with -v where it is from; what is not there has Docker’s words', async () => {
  const server = await registry();
  push(`oci:${image.layout}:${image.tag}`, server, 'app:1');
  const accept = 'application/vnd.oci.image.manifest.v1+json';
  const raw = await (await fetch(`${server.url}/v2/app/manifests/1`, { headers: { accept } })).text();
  const box = sandbox();
  const name = `${server.host}/app:1`;
  assert.equal(JSON.parse(await box.ok(['manifest', 'inspect', name])), JSON.parse(raw));
  const verbose = JSON.parse(await box.ok(['manifest', 'inspect', '-v', name]));
  assert.is(verbose.Ref, name);
  assert.is(verbose.Descriptor.digest, digestOf(Buffer.from(raw)));
  assert.is(verbose.Descriptor.platform.os, 'linux');
  assert.is(Buffer.from(verbose.Raw, 'base64').toString(), raw);
  assert.equal(verbose.OCIManifest, JSON.parse(raw));
  const missing = await box.minidock(['manifest', 'inspect', `${server.host}/app:2`]);
  assert.is(missing.exitCode, 1);
  assert.match(String(missing.stderr), `no such manifest: ${server.host}/app:2`);
});

test.run();
