// @long a gigabyte goes in and out
import { spawn, spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { EngineContext } from '../src/engine/context.ts';
import { cgroupParent } from '../src/state/paths.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { processesWith, temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';

/** `cp`, `commit` and the events of volumes: how much, what comes along, and what is left of a command that is killed. */
const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});
test.after.each(() => box.removeAll());

test('a container that stands still for commit goes on when that is killed', async () => {
  const script = 'head -c 100000000 /dev/urandom > /large; while :; do echo >> /beats; sleep 0.1; done';
  const id = await box.start(script);
  await eventually(() => box.inside(id, 'test -e /beats'), 20);
  const { cgroups } = new EngineContext(box, box.bridge);
  const freezer = cgroups.freezer(`${cgroupParent(box)}/${id}`)!;
  const still = () => ['FROZEN', '1'].includes(readFileSync(freezer, 'utf8').trim());
  const beats = async () => Number(await box.inside(id, 'wc -l < /beats'));
  const before = await beats();
  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    const command = spawn(minidockPath, ['commit', id], { env: { ...process.env, ...box.env }, detached: true });
    const ended = once(command, 'exit');
    while (!still() && command.exitCode === null) await new Promise(resolve => setImmediate(resolve));
    assert.is(command.exitCode, null, 'it did not stand still');
    // To its whole process group, as Ctrl-C in a terminal.
    process.kill(-command.pid!, signal);
    await ended;
    await eventually(() => assert.not(still()), 20);
  }
  await eventually(async () => assert.ok((await beats()) > before), 20);
});

test('a gigabyte goes into a container and out again unharmed', async () => {
  const folder = temporaryFolder('gigabyte');
  const chunk = randomFillSync(Buffer.alloc(32 << 20));
  const fd = openSync(join(folder, 'in'), 'w');
  for (let at = 0; at < 32; at++) {
    chunk.writeUInt32LE(at);
    writeSync(fd, chunk);
  }
  closeSync(fd);
  await box.ok(['create', '--name', 'big', '--network', 'none', 'bb', 'true']);
  await box.ok(['cp', join(folder, 'in'), 'big:/there']);
  await box.ok(['cp', 'big:/there', join(folder, 'out')]);
  const { status, stdout, stderr } = spawnSync('cmp', [join(folder, 'in'), join(folder, 'out')], { encoding: 'utf8' });
  assert.equal([status, stdout, stderr], [0, '', '']);
});

test('a cp that is killed leaves no process and no mount, and the container starts', async () => {
  await box.ok(['create', '--name', 'still', '--network', 'none', '-v', 'named:/v', 'bb', 'true']);
  const copy = spawn(minidockPath, ['cp', 'still:/', '-'], {
    env: { ...process.env, ...box.env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // Nobody reads on: it waits in the middle.
  await once(copy.stdout, 'readable');
  copy.kill('SIGKILL');
  await once(copy, 'exit');
  const id = (await box.inspect('still', '{{.Id}}')).slice(0, 12);
  const helpers = () => spawnSync('pgrep', ['-f', `${id} files`], { encoding: 'utf8' }).stdout.trim();
  await eventually(() => assert.is(helpers(), ''));
  assert.equal(processesWith(`MINIDOCK_ROOT=${box.root}`), []);
  assert.not.ok(readFileSync('/proc/self/mountinfo', 'utf8').includes(box.root));
  await box.ok(['start', '-a', 'still']);
});

test('extended attributes, hard links and device nodes come along, in both directions and into an image', async () => {
  const folder = temporaryFolder('attributes');
  writeFileSync(join(folder, 'plain'), 'content');
  const mark = 'import os,sys; os.setxattr(sys.argv[1], "user.note", b"kept")';
  if (spawnSync('python3', ['-c', mark, join(folder, 'plain')]).status !== 0) return;
  const id = await box.start('sleep 1000');
  await box.ok(['cp', folder, `${id}:/top`]);
  await box.inside(id, 'ln /top/plain /top/hard; mknod /top/null c 1 3');
  const archive = await box.minidock(['cp', `${id}:/top`, '-'], { encoding: 'latin1' });
  assert.match(String(archive.stdout), /SCHILY\.xattr\.user\.note=kept/);
  await box.ok(['commit', id, 'noted']);
  const other = await box.ok(['create', '--network', 'none', 'noted', 'true']);
  const again = await box.minidock(['cp', `${other}:/top`, '-'], { encoding: 'latin1' });
  assert.match(String(again.stdout), /SCHILY\.xattr\.user\.note=kept/);
  const seen = await box.ok([
    'run',
    '--rm',
    '--network',
    'none',
    'noted',
    'stat',
    '-c',
    '%n %h %F',
    '/top/plain',
    '/top/hard',
    '/top/null',
  ]);
  assert.is(seen, '/top/plain 2 regular file\n/top/hard 2 regular file\n/top/null 1 character special file');
});

test('a container that is paused, one that never ran and one whose volume is gone can be copied from', async () => {
  const id = await box.start('sleep 1000');
  await box.ok(['pause', id]);
  assert.match(await box.ok(['cp', `${id}:/etc/hostname`, '-']), new RegExp(id.slice(0, 12)));
  await box.ok(['commit', id, 'of-paused']);
  assert.is(await box.inspect(id, '{{.State.Status}}'), 'paused');
  await box.ok(['unpause', id]);
  const folder = temporaryFolder('gone');
  const gone = await box.ok(['create', '--network', 'none', '-v', `${folder}/x:/x`, 'bb', 'true']);
  spawnSync('rm', ['-r', join(folder, 'x')]);
  assert.match(await box.ok(['cp', `${gone}:/bin/busybox`, '-'], { encoding: 'latin1' }), /ELF/);
});

test.run();
