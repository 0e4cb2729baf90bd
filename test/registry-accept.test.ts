import path from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { mediaTypes } from '../src/oci/media-types.ts';
import { serve } from '../src/registry/server/serve.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { dockerd } from './support/dockerd.ts';
import { sandbox } from './support/minidock.ts';
import { registry } from './support/registry.ts';
import { requires } from './support/requires.ts';

const test = requires('root', 'x64', 'docker-registry', 'skopeo');
const { ociManifest, ociIndex, dockerManifest, dockerIndex } = mediaTypes;
const bb = await busyboxImage();

/** A registry in this process, on a store of its own. */
async function embedded() {
  const root = temporaryFolder('served');
  return serve({ layout: path.join(root, 'images'), root });
}

type Place = { url: string; host: string };

async function get({ url }: Place, name: string, accept: string, method = 'GET') {
  const response = await fetch(`${url}/v2/bb/manifests/${name}`, { method, headers: { accept } });
  const { status, headers } = response;
  return {
    answer: { status, type: headers.get('content-type')?.split(';')[0], digest: headers.get('docker-content-digest') },
    body: await response.text(),
  };
}

/** The same image in both forms, and an index of each. */
async function fill(place: Place): Promise<void> {
  for (const [format, type, index, indexType] of [
    ['oci', ociManifest, 'index', ociIndex],
    ['v2s2', dockerManifest, 'list', dockerIndex],
  ] as const) {
    const options = ['--insecure-policy', 'copy', '-q', '--dest-tls-verify=false', '--format', format];
    // Not synchronous: one of the registries is in this process.
    await execa('skopeo', [...options, `oci:${bb.layout}:${bb.tag}`, `docker://${place.host}/bb:${format}`]);
    const { answer, body } = await get(place, format, type);
    const platform = { os: 'linux', architecture: 'amd64' };
    const manifests = [{ mediaType: type, digest: answer.digest, size: body.length, platform }];
    const content = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests });
    const headers = { 'content-type': indexType };
    const put = await fetch(`${place.url}/v2/bb/manifests/${index}`, { method: 'PUT', headers, body: content });
    assert.is(put.status, 201);
  }
}

test('a manifest by what the client accepts, as docker-registry answers: by tag and by digest, GET and HEAD', async () => {
  const [ours, theirs] = [await embedded(), await registry()];
  try {
    for (const place of [ours, theirs]) await fill(place);
    const all = [ociManifest, ociIndex, dockerManifest, dockerIndex];
    const headers = [...all, `${dockerManifest}, ${dockerIndex}`, `${ociManifest}, ${ociIndex}`, all.join(', ')];
    for (const [name, type] of [
      ['oci', ociManifest],
      ['index', ociIndex],
      ['v2s2', dockerManifest],
      ['list', dockerIndex],
    ] as const) {
      const { digest } = (await get(theirs, name, type)).answer;
      for (const accept of [...headers, 'application/json'])
        for (const asked of [name, digest!]) {
          const what = `${name} as ${asked}, accepting ${accept}`;
          const wanted = await get(theirs, asked, accept);
          const found = await get(ours, asked, accept);
          assert.equal((await get(ours, asked, accept, 'HEAD')).answer, found.answer, what);
          // What docker-registry makes schema 1 of is sent as it is.
          if (wanted.answer.type?.includes('manifest.v1+')) assert.is(found.answer.digest, digest, what);
          else {
            assert.equal(found.answer, wanted.answer, what);
            if (found.answer.status === 404) assert.is(found.body.trim(), wanted.body.trim(), what);
          }
        }
      for (const accept of ['*/*', 'application/*', `text/html, ${type};q=0.5`])
        assert.is((await get(ours, name, accept)).answer.digest, digest, accept);
    }
    assert.is((await get(ours, 'oci', `${ociManifest};q=0, ${dockerManifest}`)).answer.status, 404);
  } finally {
    await ours.close();
  }
});

requires(
  'root',
  'dockerd',
  'docker',
)('an image that was made here is served to clients of schema 2, and Docker pulls it', async () => {
  const box = sandbox();
  const id = await box.ok(['import', '-c', 'CMD ["sh"]', bb.rootfs, 'bb:1']);
  const server = await serve({ layout: path.join(box.root, 'images'), root: box.root });
  try {
    const { answer, body } = await get(server, '1', dockerManifest);
    assert.equal([answer.status, answer.type], [200, dockerManifest]);
    assert.equal(await get(server, answer.digest!, dockerManifest), { answer, body });
    assert.is((await get(server, '1', `${dockerManifest}, ${ociManifest}`)).answer.type, ociManifest);
    const store = `oci:${path.join(box.root, 'images')}:docker.io/library/bb:1`;
    assert.is((await execa('skopeo', ['inspect', '--config', store])).exitCode, 0, 'skopeo reads the store itself');
    const daemon = await dockerd();
    const name = `${server.host}/bb:1`;
    await execa('docker', ['-H', daemon.host, 'pull', '-q', name]);
    assert.is(daemon.docker(['image', 'inspect', '-f', '{{.Id}}', name]), id);
    assert.is(daemon.docker(['run', '--rm', '--network', 'none', name, 'echo', 'runs']), 'runs');
    const inspected = await execa('docker', ['-H', daemon.host, 'manifest', 'inspect', '--insecure', name], {
      env: { DOCKER_CONFIG: temporaryFolder('docker') },
    });
    assert.is(JSON.parse(inspected.stdout).config.digest, id);
  } finally {
    await server.close();
  }
});

test.run();
