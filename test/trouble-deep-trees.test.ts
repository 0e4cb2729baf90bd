// @mounts-nothing its subject is the removal of files
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { archive, type Member } from './support/archive.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { onExit } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

/** Trees deeper than any path may be long (PATH_MAX, 4096 bytes), and files that cannot be removed. */
const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
  // What the engine leaves is removed all the same.
  onExit(() => {
    spawnSync('rm', ['-rf', box.folder]);
  });
});
test.after.each(() => box.removeAll());

/** Makes 600 directories in each other, ten at a time round those that are there, and files and links in every tenth. */
const dig = `name=$(printf n%.0s $(seq 255)); ten=$name; for i in $(seq 9); do ten=$ten/$name; done
   for i in $(seq 60); do
     mkdir -p new/$ten; echo x > new/$ten/file; ln -s /etc new/$ten/link
     if [ -d tree ]; then mv tree new/$ten/; fi; mv new tree
   done; echo made`;

/** Everything that a removed container or image could have left. */
const litter = () => [
  ...readdirSync(join(box.root, 'containers')),
  ...readdirSync(box.root).filter(name => name.startsWith('.')),
  ...readdirSync(join(box.root, 'layers')).filter(name => name.startsWith('.')),
  ...readdirSync(join(box.root, 'images/.partial')),
];

test('600 directories with long names, made by a container in itself and in its volume, go with rm', async () => {
  const id = (await box.ok(['run', '-d', '--network', 'none', '-v', '/v', 'bb', 'sleep', '1000'])).trim();
  for (const place of ['/', '/v', '/tmp']) assert.is(await box.inside(id, `cd ${place}; ${dig}`), 'made');
  // No path leads to the files at the bottom, but those above are counted.
  assert.match(await box.ok(['ps', '-s', '--format', '{{.Size}}']), /^[1-9]\d*B /);
  await box.ok(['rm', '-f', '-v', id]);
  assert.equal(litter(), []);
  assert.equal(readdirSync(join(box.root, 'volumes')), []);
  await box.ok(['run', '--rm', '--network', 'none', '-v', '/v', 'bb', 'sh', '-c', `cd /v; ${dig}`]);
  assert.equal(litter(), []);
  assert.equal(readdirSync(join(box.root, 'volumes')), []);
});

/** Directories in each other, as a tar has them. */
const nested = (depth: number): Member[] =>
  Array.from({ length: depth }, (_, i) => ({ name: 'd/'.repeat(i + 1), type: 'directory' as const }));

test('2,500 directories in a layer: it is refused in a line and leaves nothing; what fits into a path comes and goes', async () => {
  const input = await archive(nested(2500));
  const refused = await box.minidock(['import', '-', 'deep'], { input, stdin: 'pipe' });
  assert.is(refused.exitCode, 1);
  assert.match(String(refused.stderr), /^minidock: "[^\n]{1,600}" in the archive is refused: a path of more than 4095/);
  assert.equal(litter(), []);
  await box.build('fits', nested(1900));
  await box.build('other', []);
  const run = ['run', '--rm', '--network', 'none', 'fits', 'sh', '-c', `cd /${'d/'.repeat(1900)} && echo there`];
  assert.is(await box.ok(run), 'there');
  await box.ok(['rmi', 'fits']);
  await box.ok(['rmi', 'other']);
  assert.equal(litter(), []);
});

requires(
  'root',
  'busybox',
  'overlayfs',
  'lsattr',
)('what cannot be removed is said, once for its container, and keeps nothing else from being removed', async () => {
  const chattr = (flag: string, file: string) => assert.is(spawnSync('chattr', [flag, file]).status, 0);
  const stuck = await box.start('echo x > /immutable; mkdir /d; echo x > /d/other; sleep 1000');
  const file = join(box.root, 'containers', stuck, 'upper/immutable');
  await eventually(() => existsSync(join(box.root, 'containers', stuck, 'upper/d/other')));
  chattr('+i', file);
  const removed = await box.minidock(['rm', '-f', stuck]);
  const [aside] = readdirSync(box.root).filter(name => name.startsWith('.removed-'));
  const left = join(box.root, String(aside), 'upper/immutable');
  onExit(() => {
    spawnSync('chattr', ['-i', left]);
  });
  const fix = '  fix: see whether it is immutable: `lsattr`, then `chattr -i`';
  assert.equal([removed.exitCode, removed.stderr], [1, `minidock: cannot remove "${left}": EPERM\n${fix}`]);
  assert.is((await box.minidock(['ps', '-aq'])).stdout, '');
  assert.equal(readdirSync(join(box.root, String(aside), 'upper')), ['immutable'], 'all else went');
  // What a killed pull and a killed run left lies behind it in every sweep.
  mkdirSync(join(box.root, 'layers', `.unpack-${'0'.repeat(64)}`, 'diff/etc'), { recursive: true });
  mkdirSync(join(box.root, 'containers', `.new-1-1-000000000000-${'0'.repeat(12)}`));
  await box.build('gone', []);
  const rmi = await box.minidock(['rmi', 'gone']);
  assert.is(rmi.exitCode, 0);
  assert.is(rmi.stderr, `minidock: warning: cannot remove "${left}": EPERM`);
  assert.match(String(rmi.stdout), /^Untagged: gone:latest\nDeleted: sha256:/);
  assert.equal(
    readdirSync(join(box.root, 'layers')).filter(name => name.startsWith('.')),
    [],
  );
  // The keeper sweeps where nobody waits for a container.
  await box.ok(['run', '-d', '--network', 'none', 'bb', 'true']);
  await eventually(() =>
    assert.equal(
      readdirSync(join(box.root, 'containers')).filter(name => name.startsWith('.')),
      [],
    ),
  );
  chattr('-i', left);
  assert.is((await box.minidock(['image', 'prune', '-f'])).stderr, '');
  assert.equal(litter(), (await box.ok(['ps', '-aq', '--no-trunc'])).split('\n'));
});

test.run();
