import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { addImage } from '../src/image/create.ts';
import { ImageStore } from '../src/image/store.ts';
import { parseReference } from '../src/oci/reference.ts';
import { makeWorkingFolder } from '../src/state/working-folder.ts';
import { archive } from './support/archive.ts';
import { busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { holdings, nothing } from './support/holdings.ts';
import { type Sandbox, sandbox } from './support/minidock.ts';
import { push, registry } from './support/registry.ts';
import { requires } from './support/requires.ts';

const test = requires('root');
const bb = await busyboxImage();

/** An image of one layer of one file. */
async function add(box: Sandbox, name: string, content = name): Promise<string> {
  const input = await archive([{ name: 'file', content }]);
  return box.ok(['import', '-', ...(name === '' ? [] : [name])], { input, stdin: 'pipe' });
}

test('a running container keeps its image against -f by id; its name goes with -f', async () => {
  const box = await busyboxEngine();
  await box.ok(['run', '-d', '--network', 'none', '--name', 'web', 'bb', 'sleep', '1000']);
  const id = await box.ok(['images', '-q', 'bb']);
  const fails = async (...args: string[]) => {
    const { exitCode, stderr } = await box.minidock(args);
    assert.is(exitCode, 1, args.join(' '));
    return String(stderr).replace(/container [0-9a-f]{12}/, 'container C');
  };
  const hard = `minidock: conflict: unable to delete ${id} (cannot be forced) - image is being used by running container C`;
  assert.is(
    await fails('rmi', 'bb'),
    `minidock: conflict: unable to remove repository reference "bb" (must force) - container C is using its referenced image ${id}`,
  );
  assert.is(await fails('rmi', id), hard);
  assert.is(await fails('rmi', '-f', id), hard);
  assert.is(await box.ok(['rmi', '-f', 'bb']), 'Untagged: bb:latest');
  assert.is(await fails('rmi', '-f', id), hard);
  assert.is(await box.ok(['image', 'prune', '-af']), 'Total reclaimed space: 0B');
  assert.is(await box.ok(['exec', 'web', 'echo', 'alive']), 'alive');
  await box.ok(['rm', '-f', 'web']);
  assert.match(await box.ok(['image', 'prune', '-f']), /^Deleted Images:\ndeleted: sha256:[\s\S]*space: [\d.]+MB$/);
  assert.equal(holdings(box), nothing);
});

test('a layer goes with the last image that has it; the unpacked files too', async () => {
  const box = sandbox();
  const layers = ['shared', 'mine'];
  const store = new ImageStore(box.root);
  const ids = await Promise.all(layers.map(name => add(box, name)));
  const [shared, mine] = ids.map(id => store.get(id));
  await box.ok(['tag', 'shared', 'second']);
  await box.ok(['rmi', 'shared']);
  assert.is(holdings(box).layers.length, 2);
  assert.match(
    await box.ok(['rmi', 'second']),
    new RegExp(`^Untagged: second:latest\nDeleted: ${shared!.id}\nDeleted: ${shared!.diffIds[0]}$`),
  );
  assert.equal(holdings(box).layers, [mine!.diffIds[0]!.slice(7)]);
  assert.is(readFileSync(join(mine!.layers[0]!, 'file'), 'utf8'), 'mine');
});

test('parents: a child protects its parent, and takes a nameless one along unless --no-prune', async () => {
  const box = sandbox();
  /** As commit and build will make them: layers of the parent, and who the parent is. */
  const child = async (parent: string, name: string | undefined, created: string) => {
    const store = new ImageStore(box.root);
    const { id, config, diffIds, manifestDigest } = store.get(parent);
    const { layers } = JSON.parse(store.layout.read(manifestDigest, 1 << 20).toString());
    const history = [{ created, created_by: name ?? 'between' }];
    const rootfs = { type: 'layers' as const, diff_ids: diffIds };
    const image = { architecture: 'amd64', os: 'linux', created, config, rootfs, history };
    const record = await addImage(store, image, layers, name === undefined ? undefined : parseReference(name));
    await store.layout.update(entries =>
      entries.map(entry =>
        entry.annotations?.['io.minidock.image-id'] === record.id
          ? { ...entry, annotations: { ...entry.annotations, 'io.minidock.parent': id } }
          : entry,
      ),
    );
    return record.id;
  };
  const grown = async () => {
    const base = await add(box, 'base');
    const between = await child(base, undefined, '2020-01-01T00:00:00Z');
    const top = await child(between, 'top', '2020-01-02T00:00:00Z');
    return { base, between, top };
  };
  const { base, between, top } = await grown();
  const list = async (...flags: string[]) =>
    (await box.ok(['images', '-q', '--no-trunc', ...flags])).split('\n').sort();
  assert.equal(await list(), [base, top].sort());
  assert.equal(await list('-a'), [base, between, top].sort());
  assert.equal((await box.ok(['history', '-q', '--no-trunc', 'top'])).split('\n'), [top]);
  assert.is(await box.ok(['image', 'prune', '-f']), 'Total reclaimed space: 0B');
  const { exitCode, stderr } = await box.minidock(['rmi', '-f', between]);
  assert.is(exitCode, 1);
  assert.match(String(stderr), /\(cannot be forced\) - image has dependent child images/);
  assert.is(await box.ok(['rmi', 'base']), 'Untagged: base:latest', 'its children keep it');
  await box.ok(['tag', base, 'base']);
  assert.is(await box.ok(['rmi', 'top']), `Untagged: top:latest\nDeleted: ${top}\nDeleted: ${between}`);
  assert.equal(await list('-a'), [base]);
  const again = await grown();
  assert.is(await box.ok(['rmi', '--no-prune', 'top']), `Untagged: top:latest\nDeleted: ${again.top}`);
  assert.equal(await list('-a'), [base, again.base, again.between].sort());
});

requires(
  'root',
  'docker-registry',
  'skopeo',
)('a digest goes with the last tag of its repository, and can be removed itself', async () => {
  const server = await registry();
  push(`oci:${bb.layout}:${bb.tag}`, server, 'app:1');
  const box = sandbox();
  const name = `${server.host}/app`;
  await box.ok(['pull', '-q', `${name}:1`]);
  const [digest] = JSON.parse(await box.ok(['image', 'inspect', '-f', '{{json .RepoDigests}}', `${name}:1`]));
  await box.ok(['tag', `${name}:1`, `${name}:2`]);
  await box.ok(['tag', `${name}:1`, 'other']);
  assert.is(await box.ok(['rmi', `${name}:2`]), `Untagged: ${name}:2`);
  assert.is(await box.ok(['rmi', `${name}:1`]), `Untagged: ${name}:1\nUntagged: ${digest}`);
  assert.match(await box.ok(['rmi', 'other']), /^Untagged: other:latest\nDeleted: /);
  assert.equal(holdings(box), nothing);
  await box.ok(['pull', '-q', digest]);
  assert.match(await box.ok(['images', '--digests']), /app +<none> +sha256:/);
  assert.match(await box.ok(['rmi', digest]), new RegExp(`^Untagged: ${digest}\nDeleted: `));
  assert.equal(holdings(box), nothing);
});

test('prune: dangling ones, all, by label and time; asks first', async () => {
  const box = sandbox();
  const old = await add(box, 'app', 'old');
  const young = await add(box, 'app', 'young');
  const asked = await box.minidock(['image', 'prune'], { input: 'n\n', stdin: 'pipe' });
  assert.match(
    String(asked.stdout),
    /^WARNING! This will remove all dangling images\.\nAre you sure .*\[y\/N\] Total reclaimed space: 0B$/,
  );
  assert.is((await box.ok(['images', '-q'])).split('\n').length, 2);
  assert.is(await box.ok(['image', 'prune', '-f', '--filter', 'label=keep']), 'Total reclaimed space: 0B');
  assert.is(await box.ok(['image', 'prune', '-f', '--filter', 'until=1h']), 'Total reclaimed space: 0B');
  const done = await box.ok(['image', 'prune'], { input: 'y\n', stdin: 'pipe' });
  assert.match(done, new RegExp(`deleted: ${old}\ndeleted: sha256:[0-9a-f]{64}\n\nTotal reclaimed space: [\\d.]+kB$`));
  assert.is(await box.ok(['images', '-q', '--no-trunc']), young);
  assert.match(await box.ok(['image', 'prune', '-af']), new RegExp(`untagged: app:latest\ndeleted: ${young}\n`));
  assert.equal(holdings(box), nothing);
});

test('what killed commands left goes; what a living one works on stays, and so does all that has no name yet', async () => {
  const box = sandbox();
  await add(box, 'app');
  const { layers } = holdings(box);
  const orphan = new ImageStore(box.root).layout.write(Buffer.from('of a pull that was killed'));
  const lost = join(box.root, 'layers', 'a'.repeat(64));
  mkdirSync(join(lost, 'diff'), { recursive: true });
  mkdirSync(join(box.root, 'layers', `.unpack-${'b'.repeat(64)}`));
  const aside = join(box.root, '.removed-0123456789ab-01234567');
  mkdirSync(aside);
  const partial = join(box.root, 'images/.partial');
  mkdirSync(join(partial, 'load-1-1-000000000000-aaaaaaaa'));
  const working = makeWorkingFolder(partial, 'load');
  await box.ok(['image', 'prune', '-f']);
  assert.ok(existsSync(lost) && existsSync(working), 'this process loads something');
  renameSync(working, join(partial, 'load-1-1-000000000000-bbbbbbbb'));
  await box.ok(['image', 'prune', '-f']);
  assert.equal([holdings(box).layers, holdings(box).partial], [layers, []]);
  assert.not.ok(existsSync(aside));
  assert.not.ok(holdings(box).blobs.includes(orphan.slice(7)));
  assert.is(holdings(box).blobs.length, 3);
});

test('a run whose layers were collected a moment before says so, and makes no container', async () => {
  const box = await busyboxEngine();
  const image = new ImageStore(box.root).get('bb');
  renameSync(join(image.layers[0]!, '..'), join(box.root, '.removed-0123456789ab-01234567'));
  const { exitCode, stderr } = await box.minidock([
    'run',
    '--rm',
    '--network',
    'none',
    '--pull',
    'never',
    'bb',
    'true',
  ]);
  assert.is(exitCode, 125);
  assert.match(String(stderr), /^minidock: No such image: bb$/m);
  assert.is(await box.ok(['ps', '-aq']), '');
});

test('a broken image stops collection, and can be removed', async () => {
  const box = sandbox();
  await add(box, 'good');
  const bad = await add(box, 'bad');
  await add(box, 'third');
  writeFileSync(join(box.root, 'images/blobs/sha256', bad.slice(7)), '{');
  await box.ok(['rmi', 'third']);
  assert.is(holdings(box).layers.length, 3, 'what the broken image needs is not known');
  assert.match(await box.ok(['rmi', 'bad']), /^Untagged: bad:latest\nDeleted: /);
  assert.is(holdings(box).layers.length, 1);
  assert.is(await box.ok(['images', '--format', '{{.Repository}}']), 'good');
});

requires(
  'root',
  'docker-registry',
  'skopeo',
)('pulls, loads, runs and removals of one image at once: no image without its parts', async () => {
  const server = await registry();
  push(`oci:${bb.layout}:${bb.tag}`, server, 'app:1');
  const name = `${server.host}/app:1`;
  const box = sandbox();
  await box.ok(['pull', '-q', name]);
  const file = join(temporaryFolder('app'), 'app.tar');
  await box.ok(['save', '-o', file, name]);
  for (let round = 0; round < 4; round++) {
    const results = await Promise.all([
      box.minidock(['pull', '-q', name]),
      box.minidock(['rmi', '-f', name]),
      box.minidock(['load', '-q', '-i', file]),
      box.minidock(['run', '--rm', '--network', 'none', '--pull', 'never', name, 'cat', '/www/index.html']),
      box.minidock(['image', 'prune', '-f']),
      box.minidock(['rmi', '-f', name]),
    ]);
    const said = results.map(({ stderr }) => stderr).join('\n');
    for (const [i, { exitCode }] of results.entries()) if (i !== 3) assert.is(exitCode, 0, said);
    // A container either ran whole or was told that there is no such image.
    if (results[3]!.exitCode !== 0) assert.match(String(results[3]!.stderr), /No such image/);
    else assert.match(String(results[3]!.stdout), /served by busybox/);
    await box.ok(['pull', '-q', name]);
    assert.match(
      await box.ok(['run', '--rm', '--network', 'none', name, 'cat', '/www/index.html']),
      /served by busybox/,
    );
  }
  await box.ok(['rmi', name]);
  await box.ok(['image', 'prune', '-f']);
  assert.equal(holdings(box), nothing);
});

test.run();
