import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { type Sandbox, sandbox } from './support/minidock.ts';
import { findProgram, requires } from './support/requires.ts';

/** What a container leaves on the host's disk, seen by a user of the host who has no rights at all. */
const test = requires('root', 'busybox', 'overlayfs', 'readable-checkout');
const wide = 0o7777 & ~0o710;

/** An engine whose roots lie in a folder that everybody may enter: only what the engine makes stands before them. */
async function openSandbox(prepare: (box: Sandbox) => void = () => {}): Promise<Sandbox> {
  const box = sandbox();
  chmodSync(box.folder, 0o755);
  prepare(box);
  await box.ok(['import', (await busyboxImage()).rootfs, 'bb']);
  return box;
}

/** By env(1): setpriv still has its rights at its own execve. */
function asNobody(...command: string[]) {
  const words = ['--reuid', '65534', '--regid', '65534', '--clear-groups', 'env', ...command];
  const { status, stdout, stderr } = spawnSync('setpriv', words, { encoding: 'utf8' });
  return { status, output: stdout.trim(), refusal: stderr.trim() };
}

/** A container writes a set-uid program and a device node that anybody may read into a volume and into its own root. */
async function plant(box: Sandbox): Promise<{ programs: string[]; devices: string[] }> {
  const script =
    'for d in /v /; do cp /host-id $d/id; chmod 4755 $d/id; mknod -m 666 $d/zero c 1 5; done; chmod 755 /v';
  const flags = ['-d', '--network', 'none', '-v', 'planted:/v', '-v', `${findProgram('id')}:/host-id:ro`];
  const id = await box.ok(['run', ...flags, 'bb', 'sh', '-c', `${script}; sleep 1000`]);
  const folders = [join(box.root, 'volumes/planted/_data'), join(box.root, 'containers', id, 'upper')];
  await box.ok(['exec', id, 'sh', '-c', 'until test -c /zero; do sleep 0.05; done']);
  assert.is(statSync(join(folders[1]!, 'id')).mode & 0o7777, 0o4755);
  return { programs: folders.map(folder => join(folder, 'id')), devices: folders.map(folder => join(folder, 'zero')) };
}

test('no user of the host reaches the set-uid programs and device nodes of a container (CVE-2021-41091)', async () => {
  const box = await openSandbox();
  const { programs, devices } = await plant(box);
  const attacks = () => [
    ...programs.map(program => asNobody(program, '-u')),
    ...devices.map(device => asNobody('head', '-c', '1', device)),
  ];
  for (const { status, refusal } of attacks()) {
    assert.is.not(status, 0, refusal);
    assert.match(refusal, /Permission denied/);
  }
  for (const path of [...programs, ...devices])
    for (let up = join(path, '..'); up !== box.folder; up = join(up, '..')) chmodSync(up, 0o755);
  assert.equal(
    attacks().map(({ status, output }) => [status, output]),
    [
      [0, '0'],
      [0, '0'],
      [0, '\0'],
      [0, '\0'],
    ],
    'with open directories the attack is a real one',
  );
  box.close();
});

/** Everything that a user without rights can list, below these places. */
const reached = (...places: string[]) =>
  asNobody('find', ...places)
    .output.split('\n')
    .filter(path => path !== '' && !places.includes(path));

test('roots that the engine makes are root’s alone, and what is in them: images, layers, volumes, sockets', async () => {
  const box = await openSandbox();
  await plant(box);
  assert.equal(reached(box.root, box.execRoot), []);
  for (const path of [
    box.root,
    box.execRoot,
    ...['images', 'volumes', 'layers', 'containers', 'names'].map(name => join(box.root, name)),
  ]) {
    const { mode, uid, gid } = statSync(path);
    assert.equal([mode & wide, uid, gid], [0, 0, 0], path);
  }
  const blobs = join(box.root, 'images/blobs/sha256');
  for (const name of readdirSync(blobs)) assert.is(lstatSync(join(blobs, name)).mode & 0o077, 0, `blob ${name}`);
  box.close();
});

test('roots that were there before, open to all or another user’s, are shut at the next command, whichever it is', async () => {
  const box = await openSandbox(({ root, execRoot }) => {
    for (const path of [root, execRoot]) {
      mkdirSync(path);
      chmodSync(path, 0o2777);
      chownSync(path, 65534, 65534);
    }
  });
  const { programs } = await plant(box);
  const shut = () => {
    for (const path of [box.root, box.execRoot]) {
      const { mode, uid, gid } = statSync(path);
      assert.equal([mode & wide, uid, gid], [0, 0, 0], path);
    }
    assert.equal(reached(box.root, box.execRoot), []);
  };
  shut();
  for (const verb of [['ps'], ['images'], ['run', '--rm', '--network', 'none', '-v', 'planted:/v', 'bb', 'true']]) {
    for (const name of ['', 'images', 'volumes', 'containers', 'layers']) chmodSync(join(box.root, name), 0o755);
    if (verb[0] !== 'images') chmodSync(box.execRoot, 0o755);
    await box.ok(verb);
    shut();
  }
  for (const name of ['images', 'volumes', 'containers'])
    assert.is(statSync(join(box.root, name)).mode & wide, 0, name);
  assert.is(statSync(programs[0]!).mode & 0o7777, 0o4755, 'what containers wrote is as it was');
  box.close();
});

test('a root that is narrower stays so; a folder with other things in it is not taken', async () => {
  const box = await openSandbox(({ root }) => {
    mkdirSync(root);
    chmodSync(root, 0o700);
  });
  assert.is(statSync(box.root).mode & 0o7777, 0o700);
  const shared = join(box.folder, 'shared');
  mkdirSync(shared);
  chmodSync(shared, 0o1777);
  writeFileSync(join(shared, 'letter'), '');
  for (const flag of ['--root', '--exec-root']) {
    const refused = await box.minidock([flag, shared, 'ps']);
    assert.is(refused.exitCode, 1);
    assert.match(
      String(refused.stderr),
      new RegExp(`^minidock: cannot take ${shared} as ${flag}: it holds letter, and`),
    );
    assert.is(statSync(shared).mode & 0o7777, 0o1777);
    assert.equal(readdirSync(shared), ['letter']);
  }
  box.close();
});

test.run();
