import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { lessonIds, loadLesson } from '../src/workshop/catalog.ts';
import { temporaryFolder } from '../test/support/cleanup.ts';
import { lessonCommand } from '../test/support/learner.ts';
import { checkout, requires } from '../test/support/requires.ts';

/** The course for a learner without root. */
const test = requires('root', 'readable-checkout', 'user-namespaces');
const home = temporaryFolder('rootless');
fs.chmodSync(home, 0o755);
const own = path.join(home, 'own');
fs.mkdirSync(own);
fs.chownSync(own, 65534, 65534);
const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
const environment = {
  ...process.env,
  HOME: own,
  XDG_STATE_HOME: own,
  TMPDIR: own,
  LANG: 'C',
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
};

function asNobody(command: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('setpriv', [...nobody, ...command], {
    cwd: checkout,
    env: environment,
    encoding: 'utf8',
    timeout: 60_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

test('the list needs no root, nor does its set-up', () => {
  // tsx keeps its cache in TMPDIR; the set-up finds everything built.
  const { status, stdout, stderr } = asNobody(['npm', 'run', '-s', 'lesson']);
  assert.is(status, 0, stderr);
  for (const id of lessonIds()) assert.match(stdout, id);
});

for (const id of lessonIds())
  test(`${id}: runs in a user namespace of the learner’s, or says why it cannot`, async () => {
    const { rootless, needs } = await loadLesson(id);
    const { status, stdout, stderr } = asNobody([process.execPath, ...lessonCommand, id]);
    assert.not.match(stderr, /^\s+at /m);
    if (!rootless && needs.length > 0) {
      assert.is(status, 1);
      assert.match(stderr, /^lesson: This lesson cannot run here: .*sudo/m);
      assert.not.match(stdout, /clone\(.*= \d/);
      return;
    }
    assert.is(status, 0, stderr);
    if (rootless)
      assert.match(stdout, /Without root[\s\S]*unshare\(CLONE_NEWUSER\) = 0[\s\S]*write\(fd, "0 65534 1", 9\)/);
    assert.match(stdout, /What you have seen/);
    assert.is(fs.readdirSync(own).filter(name => name.startsWith('minidock-lesson-')).length, 0);
  });

test('lessons 01 to 05 are for everybody', async () => {
  for (const id of ['01-process', '02-syscalls', '03-uts-namespace', '04-pid-namespace', '05-mount-namespace'])
    assert.ok((await loadLesson(id)).rootless, id);
});

test('where user namespaces are closed, the setting that closes them is named', async () => {
  // The second shell is executed when user 0 is mapped: only then is it root of the namespace.
  const close = `echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv ${nobody.join(' ')} "$@"`;
  const line = `read go; exec sh -c '${close}' sh "$@"`;
  const child = spawn('unshare', ['--user', 'sh', '-c', line, 'sh', process.execPath, ...lessonCommand, '03'], {
    cwd: checkout,
    env: environment,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (said += chunk));
  const ended = new Promise<number | null>(resolve => child.once('exit', resolve));
  try {
    // The namespace is there once its link differs from ours; then the ids of all users mean themselves in it.
    const ours = fs.readlinkSync('/proc/self/ns/user');
    while (fs.readlinkSync(`/proc/${child.pid}/ns/user`) === ours) await new Promise(resolve => setTimeout(resolve, 5));
    for (const map of ['uid_map', 'gid_map']) fs.writeFileSync(`/proc/${child.pid}/${map}`, '0 0 4294967295\n');
    child.stdin.end('go\n');
    assert.is(await ended, 1, said);
    assert.match(said, /this machine gives ordinary users none: unshare\(CLONE_NEWUSER\) = ENOSPC/);
    assert.match(said, /run it with sudo, or allow it: sysctl user\.max_user_namespaces=10000/);
    assert.not.match(said, /^\s+at /m);
  } finally {
    child.kill('SIGKILL');
  }
});

test('--shell without root is root of the namespace, and of nothing else', async () => {
  const line = `setpriv ${nobody.join(' ')} ${process.execPath} ${lessonCommand.join(' ')} 05 --shell`;
  const child = spawn(line, { cwd: checkout, env: environment, shell: true, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', chunk => (said += chunk));
  const ended = new Promise<number | null>(resolve => child.once('exit', resolve));
  child.stdin!.write('echo "I am $(id -u) in $(readlink /proc/self/ns/user)"\nexit 0\n');
  child.stdin!.end();
  assert.is(await ended, 0, said);
  assert.match(said, /I am 0 in user:\[\d+\]/);
  assert.not.match(said, fs.readlinkSync('/proc/self/ns/user'));
});

test.run();
