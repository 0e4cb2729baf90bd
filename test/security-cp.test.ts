import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine, sharedFolder } from './support/busybox.ts';
import { canaryTree } from './support/canary.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

/**
 * `cp`, `export` and `commit` of a container that swaps a folder and a link to the host all the time (CVE-2018-15664), or whose files
 * are links to the host from the beginning (CVE-2019-14271, CVE-2021-41089): nothing of the host is read or touched.
 */
const test = requires('root', 'busybox', 'overlayfs', 'gcc');
let box: BusyboxEngine;
let tools: string;

/** swap A B COUNTER: exchanges two names for ever and writes down how often it has. */
const swapper = `#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/syscall.h>
int main(int argc, char **argv) {
	int fd = open(argv[3], O_CREAT | O_WRONLY, 0644);
	for (unsigned long n = 1; ; n++) {
		if (syscall(SYS_renameat2, AT_FDCWD, argv[1], AT_FDCWD, argv[2], 2)) return 1;
		if (n % 16 == 0) { char text[24]; pwrite(fd, text, sprintf(text, "%lu", n), 0); usleep(100); }
	}
}
`;

test.before(async () => {
  box = await busyboxEngine();
  tools = temporaryFolder('tools');
  writeFileSync(join(tools, 'swap.c'), swapper);
  const built = spawnSync('gcc', ['-O2', '-static', '-o', join(tools, 'swap'), join(tools, 'swap.c')], {
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new Error(built.stderr);
});
test.after.each(() => box.removeAll());

for (const place of ['/root', '/volume'])
  test(`a folder and a link to the host are swapped below ${place} while files are copied`, async () => {
    const canary = canaryTree();
    const [volume, out] = [sharedFolder(), temporaryFolder('out')];
    const make = `mkdir -p ${place}/t/a; echo inside > ${place}/t/a/secret; ln -s ${canary.path}/private ${place}/t/b; `;
    const id = await box.start(
      `${make} exec /tools/swap ${place}/t/a ${place}/t/b /volume/count`,
      ...['-v', `${volume}:/volume`, '-v', `${tools}:/tools:ro`],
    );
    const swaps = () => (existsSync(join(volume, 'count')) ? Number(readFileSync(join(volume, 'count'), 'utf8')) : 0);
    await eventually(() => assert.ok(swaps() > 0));
    writeFileSync(join(out, 'evil'), 'evil');
    let read = 0;
    for (let round = 0; round < 8 || ((swaps() < 1000 || read === 0) && round < 200); round++) {
      const seen = await box.minidock(['cp', `${id}:${place}/t/a/secret`, '-']);
      assert.not.match(String(seen.stdout), new RegExp(canary.secret));
      if (seen.exitCode === 0 && String(seen.stdout).includes('inside')) read++;
      await box.minidock(['cp', join(out, 'evil'), `${id}:${place}/t/a/secret`]);
      await box.minidock(['cp', join(out, 'evil'), `${id}:${place}/t/a/new`]);
      await box.minidock(['cp', `${id}:${place}/t`, join(out, String(round))]);
      if (round < 3 && place === '/root') {
        const archive = await box.minidock(['export', id], { encoding: 'latin1' });
        assert.not.ok(String(archive.stdout).includes(canary.secret));
        await box.minidock(['commit', '--pause=false', id, 'raced']);
        await box.minidock(['diff', id]);
      }
      canary.check();
      await box
        .inside(id, `echo inside > ${place}/t/a/secret; echo inside > ${place}/t/b/secret; true`)
        .catch(() => {});
    }
    assert.ok(swaps() >= 1000, `${swaps()} swaps`);
    assert.ok(read > 0, 'the honest twin: the file is read when it is there');
    const copied = spawnSync('grep', ['-r', canary.secret, out], { encoding: 'utf8' });
    assert.is(copied.stdout, '');
    canary.check();
  });

test('links to the host are copied as links, resolved in the container, and never followed on the host', async () => {
  const canary = canaryTree();
  const out = temporaryFolder('out');
  await box.build('links', [
    { name: 'etc', type: 'directory' },
    { name: 'private', type: 'directory' },
    { name: 'private/own', content: 'of the container' },
    { name: 'up', type: 'symlink', linkname: '../../../../private' },
    { name: 'host', type: 'symlink', linkname: canary.path },
    { name: 'd', type: 'directory' },
    { name: 'd/abs', type: 'symlink', linkname: `${canary.path}/private` },
  ]);
  await box.ok(['create', '--name', 'still', '--network', 'none', 'links', 'true']);
  for (const name of [`still:${canary.path}/private/secret`, 'still:/host/private/secret', 'still:/d/abs/secret'])
    assert.is((await box.minidock(['cp', name, '-'])).exitCode, 1, name);
  assert.match(await box.ok(['cp', 'still:/up/own', '-']), /of the container/, 'the honest twin');
  writeFileSync(join(out, 'evil'), 'evil');
  for (const path of ['/host/private/secret', '/host/new', '/d/abs/new'])
    assert.is((await box.minidock(['cp', join(out, 'evil'), `still:${path}`])).exitCode, 1, path);
  await box.ok(['cp', 'still:/d', join(out, 'd')]);
  assert.equal(readdirSync(join(out, 'd')), ['abs']);
  // A folder of the host that has a link where a folder is copied to: it is not followed either.
  mkdirSync(join(out, 'there/d'), { recursive: true });
  symlinkSync(join(canary.path, 'private'), join(out, 'there/d/sub'));
  await box.inside(await box.start('sleep 1000', '--name', 'other'), 'mkdir -p /d/sub; echo evil > /d/sub/secret');
  const refused = await box.minidock(['cp', 'other:/d', join(out, 'there')]);
  assert.is(refused.exitCode, 1);
  assert.match(String(refused.stderr), /cannot overwrite non-directory/);
  canary.check();
});

test('what a container says is set-user-ID is not on the host; devices stay behind; FIFOs stall nobody', async () => {
  const out = temporaryFolder('out');
  const id = await box.start(
    'mkdir /d; cp /bin/busybox /d/suid; chmod 6755 /d/suid; mknod /d/disk b 254 0; mkfifo /d/fifo; chmod 666 /d/disk; sleep 1000',
  );
  await eventually(async () => assert.match(await box.inside(id, 'ls /d'), /fifo/));
  const copied = await box.minidock(['cp', `${id}:/d`, out]);
  assert.is(copied.exitCode, 0, String(copied.stderr));
  assert.equal(readdirSync(join(out, 'd')), ['suid']);
  assert.is(spawnSync('stat', ['-c', '%a %u', join(out, 'd/suid')], { encoding: 'utf8' }).stdout.trim(), '755 0');
  assert.match(String(copied.stderr), /d\/disk is a block and is not copied/);
  for (const path of ['/d/disk', '/d/fifo']) assert.is((await box.minidock(['cp', `${id}:${path}`, '-'])).exitCode, 0);
  await box.ok(['commit', id, 'devices']);
  assert.is(
    await box.ok([
      'run',
      '--rm',
      '--network',
      'none',
      'devices',
      'stat',
      '-c',
      '%F %a',
      '/d/disk',
      '/d/fifo',
      '/d/suid',
    ]),
    'block special file 666\nfifo 644\nregular file 6755',
  );
});

test('an archive that climbs out, or stands for the directory itself, is refused; a gigabyte of holes is copied as holes', async () => {
  const canary = canaryTree();
  const out = temporaryFolder('out');
  const id = await box.start('mkdir /d; truncate -s 1G /d/holes; echo end >> /d/holes; sleep 1000');
  await eventually(async () => assert.match(await box.inside(id, 'ls /d'), /holes/));
  const tar = (flags: string[]) => spawnSync('tar', ['-P', '-c', ...flags], { cwd: canary.path }).stdout;
  for (const input of [
    tar(['--transform=s,^,../../../../tmp/x/,', 'tool']),
    tar(['--transform=s,.*,.,', 'tool']),
    Buffer.from('this is no archive at all'.repeat(100)),
  ])
    assert.is((await box.minidock(['cp', '-', `${id}:/d`], { input, stdin: 'pipe' })).exitCode, 1);
  await box.ok(['cp', `${id}:/d/holes`, join(out, 'holes')]);
  const [size, blocks] = spawnSync('stat', ['-c', '%s %b', join(out, 'holes')], { encoding: 'utf8' })
    .stdout.trim()
    .split(' ')
    .map(Number);
  assert.is(size, (1 << 30) + 4);
  assert.ok(blocks! < 2048, `${blocks} blocks`);
  canary.check();
});

test.run();
