import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { dockerd } from './support/dockerd.ts';
import { holdings, nothing } from './support/holdings.ts';
import { requires } from './support/requires.ts';

/** `rmi` and `image prune`, beside Docker. */
const test = requires('root', 'overlayfs', 'busybox', 'dockerd', 'docker');

/** Output and exit code of a command with what differs between machines and engines replaced. */
function normal(code: number | null | undefined, stdout: unknown, stderr: unknown): string {
  const text = `${stdout}\n${stderr}`
    .replace(/Error response from daemon: |^minidock: /gm, '')
    .replace(/^ {2}fix: .*$/gm, '')
    .replace(/container [0-9a-f]{12}/g, 'container CCC')
    .replace(/^Total reclaimed space: .*$/gm, 'Total reclaimed space')
    .trim();
  return `${text}\n[${code}]`;
}

test('names, tags, ids and stopped containers: line by line as Docker', async () => {
  const daemon = await dockerd();
  const box = await busyboxEngine();
  const file = join(temporaryFolder('bb'), 'bb.tar');
  await box.ok(['tag', 'bb', 'bb:3']);
  await box.ok(['save', '-o', file, 'bb']);
  const id = (await box.ok(['images', '-q', '--no-trunc', 'bb:3'])).slice(7);
  const both = async (...args: string[]) => {
    const theirs = daemon.result(args);
    const ours = await box.minidock(args);
    const expected = normal(theirs.status, theirs.stdout, theirs.stderr);
    assert.is(normal(ours.exitCode, ours.stdout, ours.stderr), expected, args.join(' '));
    return expected;
  };
  await both('load', '-qi', file);
  for (const line of [
    ...['tag bb app:1', `tag ${id.slice(0, 12)} localhost:5000/team/app:2`, 'rmi bb:3', 'rmi nope', 'rmi -f nope'],
    ...[`rmi ${id.slice(0, 12)}`, 'rmi app:1 localhost:5000/team/app:2', 'rmi bb', 'rmi bb', `rmi -f ${id}`],
  ]) {
    await both(...line.split(' '));
  }
  assert.equal(holdings(box), nothing);

  await both('load', '-qi', file);
  assert.match(await both('rmi', '-f', id.slice(0, 12)), /Untagged: bb:3\nUntagged: bb:latest\nDeleted: sha256:/);
  await both('load', '-qi', file);
  daemon.docker(['create', '--name', 'stopped', 'bb', 'true']);
  await box.ok(['run', '-d', '--network', 'none', '--name', 'stopped', 'bb', 'true']);
  await box.ok(['stop', 'stopped']);
  for (const line of ['rmi bb:3', 'rmi bb', `rmi ${id}`, 'image prune -af', 'images -q --no-trunc', 'rmi -f bb']) {
    await both(...line.split(' '));
  }
  await both('images', '-aq');
  assert.is(holdings(box).blobs.length, 0, 'the image is gone');
  assert.is(holdings(box).layers.length, 1, 'its layer is the container’s');
  await box.ok(['rm', 'stopped']);
  await box.ok(['image', 'prune', '-f']);
  assert.equal(holdings(box), nothing);
});

test.run();
