import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { parsePlatform } from '../src/oci/platform.ts';
import { pull } from '../src/registry/pull.ts';
import { archive } from './support/archive.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { dockerd } from './support/dockerd.ts';
import { digestOf } from './support/faulty-registry.ts';
import { type Registry, registry } from './support/registry.ts';
import { requires } from './support/requires.ts';

const test = requires('root', 'x64', 'docker-registry', 'dockerd', 'docker');
const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const listType = 'application/vnd.docker.distribution.manifest.list.v2+json';

async function putBlob({ url }: Registry, content: Buffer): Promise<void> {
  const begun = await fetch(`${url}/v2/app/blobs/uploads/`, { method: 'POST' });
  const place = new URL(begun.headers.get('location')!);
  place.searchParams.set('digest', digestOf(content));
  assert.is((await fetch(place, { method: 'PUT', body: content })).status, 201);
}

async function putManifest({ url }: Registry, name: string, type: string, content: Buffer): Promise<void> {
  const headers = { 'content-type': type };
  assert.is((await fetch(`${url}/v2/app/manifests/${name}`, { method: 'PUT', headers, body: content })).status, 201);
}

/** An image whose label says what it is for; resolves to its entry of an index. */
async function putImage(target: Registry, name: string): Promise<object> {
  const [os, architecture, variant] = name.split('/');
  const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  const tar = await archive([{ name: 'platform', content: name }]);
  const layer = gzipSync(tar);
  const rootfs = { type: 'layers', diff_ids: [digestOf(tar)] };
  const config = Buffer.from(JSON.stringify({ ...platform, config: { Labels: { for: name } }, rootfs }));
  for (const blob of [layer, config]) await putBlob(target, blob);
  const described = (mediaType: string, blob: Buffer) => ({ mediaType, size: blob.length, digest: digestOf(blob) });
  const manifest = Buffer.from(
    JSON.stringify({
      ...{ schemaVersion: 2, mediaType: manifestType },
      config: described('application/vnd.docker.container.image.v1+json', config),
      layers: [described('application/vnd.docker.image.rootfs.diff.tar.gzip', layer)],
    }),
  );
  await putManifest(target, digestOf(manifest), manifestType, manifest);
  return { ...described(manifestType, manifest), platform };
}

test('of an index the same image is taken as Docker takes, by default and with --platform', async () => {
  const target = await registry();
  const daemon = await dockerd();
  const cases: [offered: string[], wanted?: string][] = [
    [['linux/amd64/v3', 'linux/amd64']],
    [['linux/386', 'linux/amd64/v2', 'linux/amd64/v1']],
    [['linux/amd64/v2', 'linux/amd64/v3']],
    [['linux/386']],
    [['linux/amd64', 'linux/amd64/v3'], 'linux/amd64/v3'],
    [['linux/amd64'], 'linux/amd64/v3'],
    [['linux/amd64/v3', 'linux/amd64'], 'linux/amd64/v1'],
    [['linux/arm/v6', 'linux/arm/v7'], 'linux/arm'],
    [['linux/arm/v6', 'linux/arm/v8'], 'linux/arm/v7'],
    [['linux/arm'], 'linux/arm/v6'],
    [['linux/arm/v7', 'linux/arm64/v8'], 'linux/arm64'],
    [['linux/arm64'], 'linux/arm64/v8'],
  ];
  for (const [i, [offered, wanted]] of cases.entries()) {
    const manifests: object[] = [];
    for (const name of offered) manifests.push(await putImage(target, name));
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: listType, manifests }));
    await putManifest(target, `t${i}`, listType, index);
    const name = `${target.host}/app:t${i}`;
    const said = daemon.result(['pull', '-q', ...(wanted === undefined ? [] : ['--platform', wanted]), name]);
    const theirs =
      said.status === 0 ? daemon.docker(['image', 'inspect', '-f', '{{.Config.Labels.for}}', name]) : 'none';
    const options = { root: temporaryFolder('root'), daemonConfig: '/nonexistent', dockerConfig: '/nonexistent' };
    const ours = await pull(
      name,
      wanted === undefined ? options : { ...options, platform: parsePlatform(wanted) },
    ).then(
      ({ image }) => image.config.Labels?.for,
      ({ code }) => (code === 'no-such-platform' ? 'none' : code),
    );
    assert.is(ours, theirs, `${offered.join(' ')}, wanted ${wanted ?? 'nothing'}`);
    if (said.status === 0) daemon.docker(['rmi', '-f', name]);
  }
});

test.run();
