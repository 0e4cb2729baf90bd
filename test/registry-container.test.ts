// @mounts-nothing its subject is a registry
import fs from 'node:fs';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { registryImage } from '../scripts/images/registry.ts';
import { type RegistryServer, serve } from '../src/registry/server/serve.ts';
import { eventually } from './support/eventually.ts';
import { sandbox } from './support/minidock.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';

const test = requires('root', 'overlayfs', 'iptables');

const servers: RegistryServer[] = [];
test.after(async () => {
  for (const server of servers) await server.close();
});

/** A registry with one image, for the engine to pull from, as Docker Hub in the course. */
async function hub(images: { layout: string; tag: string }, repository: string): Promise<string> {
  const server = await serve({ layout: images.layout, repository });
  servers.push(server);
  return server.host;
}

test('a registry runs as a container, keeps what is pushed in a folder of the host, and runs again on it', async () => {
  const registry = await registryImage();
  const busybox = await busyboxImage();
  const box = sandbox();
  const registryName = `${await hub(registry, 'registry')}/registry:2`;
  const appName = `${await hub(busybox, 'busybox')}/busybox:latest`;
  await box.ok(['pull', '-q', registryName]);
  await box.ok(['pull', '-q', appName]);
  const port = await freePort();
  const data = path.join(box.folder, 'data');
  fs.mkdirSync(data);
  const url = `http://127.0.0.1:${port}`;
  const run = async () => {
    await box.ok([
      'run',
      '-d',
      '--name',
      'registry',
      '-p',
      `${port}:5000`,
      '-v',
      `${data}:/var/lib/registry`,
      registryName,
    ]);
    await eventually(async () => (await fetch(`${url}/v2/`).catch(() => undefined))?.status === 200, 10);
  };
  const json = async (at: string) => (await fetch(url + at)).json();

  await run();
  const name = `127.0.0.1:${port}/team/busybox:1.0`;
  await box.ok(['tag', appName, name]);
  const pushed = await box.ok(['push', name]);
  const [, digest] = /^1\.0: digest: (sha256:[0-9a-f]{64}) size: \d+$/m.exec(pushed) ?? [];
  assert.ok(digest, pushed);
  assert.equal(await json('/v2/_catalog'), { repositories: ['team/busybox'] });
  assert.equal(await json('/v2/team/busybox/tags/list'), { name: 'team/busybox', tags: ['1.0'] });
  await box.ok(['rm', '-f', 'registry']);
  await run();
  assert.equal(await json('/v2/_catalog'), { repositories: ['team/busybox'] });
  await box.ok(['rmi', name]);
  const pulled = await box.ok(['pull', name]);
  assert.match(pulled, `Digest: ${digest}`);
  assert.is(await box.ok(['run', '--rm', name, 'echo', 'from the registry']), 'from the registry');
  await box.ok(['rm', '-f', 'registry']);
});

test.run();
