import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { archive } from './support/archive.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { minidockPath, type Sandbox, sandbox } from './support/minidock.ts';
import { requires } from './support/requires.ts';

const test = requires('root');
const count = 5000;
const names = Array.from({ length: count }, (_, i) => `app:v${i}`);

/** Docker's archive of one image with many tags. */
async function manyTags(): Promise<string> {
  const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');
  const layer = await archive([{ name: 'file', content: 'x' }]);
  const rootfs = { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] };
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const config = Buffer.from(JSON.stringify({ architecture, os: 'linux', config: {}, rootfs }));
  const Config = `${sha256(config)}.json`;
  const file = join(temporaryFolder('tags'), 'tags.tar');
  const members = [
    { name: Config, content: config },
    { name: 'l/layer.tar', content: layer },
    { name: 'manifest.json', content: JSON.stringify([{ Config, RepoTags: names, Layers: ['l/layer.tar'] }]) },
  ];
  writeFileSync(file, await archive(members));
  return file;
}

/** Runs minidock with ten seconds of processor time and no more: a busy machine does not make it fail. */
async function quick(box: Sandbox, ...args: string[]): Promise<string> {
  const script = 'ulimit -t 10; exec "$@"';
  const result = await execa('sh', ['-c', script, 'sh', minidockPath, ...args], { reject: false, env: box.env });
  assert.is(result.exitCode, 0, `${args.slice(0, 5).join(' ')}: ${result.shortMessage?.slice(0, 500)}`);
  return result.stdout;
}

test('an image of 5,000 tags: load, images, tag, save, rmi and prune take seconds', async () => {
  const box = sandbox();
  const loaded = await quick(box, 'load', '-q', '-i', await manyTags());
  assert.equal(
    loaded.split('\n'),
    names.map(name => `Loaded image: ${name}`),
  );
  assert.is((await quick(box, 'images', '-q')).split('\n').length, count);
  await quick(box, 'tag', 'app:v1', 'other:1');
  assert.is(await quick(box, 'rmi', 'other:1'), 'Untagged: other:1');
  const saved = join(temporaryFolder('saved'), 'saved.tar');
  await quick(box, 'save', '-o', saved, 'app');
  assert.is(
    await quick(box, 'rmi', ...names.slice(0, 4000)),
    names
      .slice(0, 4000)
      .map(name => `Untagged: ${name}`)
      .join('\n'),
  );
  const last = (await quick(box, 'rmi', ...names.slice(4000))).split('\n');
  assert.is(last.filter(line => line.startsWith('Untagged: ')).length, 1000);
  assert.match(last.at(-1)!, /^Deleted: sha256:/);
  await quick(box, 'load', '-q', '-i', saved);
  const id = await quick(box, 'images', '-q', '--no-trunc', 'app:v1');
  assert.is((await quick(box, 'rmi', '-f', id)).split('\n').length, count + 2);
  await quick(box, 'load', '-q', '-i', saved);
  const pruned = await quick(box, 'image', 'prune', '-af');
  assert.is(pruned.match(/^untagged: /gm)?.length, count);
  assert.is(await quick(box, 'images', '-aq'), '');
});

test.run();
