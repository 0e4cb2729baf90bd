// @mounts-nothing its subject is that several go at once
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine, sharedFolder } from './support/busybox.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

/** What `stop` and `rm` do with several containers, and with some that are not there. */
const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});

test.after.each(() => box.removeAll());

const bundle = (id: string) => join(box.root, 'containers', id);

/** The parent of a container's first process. */
async function supervisorOf(id: string): Promise<number> {
  const pid = await box.inspect(id, '{{.State.Pid}}');
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

test('stop: all get their signal at once, and are printed in the order of the command line', async () => {
  const shared = sharedFolder();
  const names = ['one', 'two', 'three', 'four'];
  // Each ends only when all have been told to, the first one last.
  for (const [at, name] of names.entries()) {
    const others = at === 0 ? names.map(other => `ended-${other}`).slice(1) : names.map(other => `told-${other}`);
    const script = `end() { touch /s/told-${name}; until cd /s && ls ${others.join(' ')}; do sleep 0.05; done; touch ended-${name}; exit 0; }
      trap end TERM; touch /s/ready-${name}; while :; do sleep 0.05; done`;
    await box.start(script, '--name', name, '-v', `${shared}:/s`);
  }
  await eventually(() => readdirSync(shared).filter(name => name.startsWith('ready-')).length === names.length);
  assert.is(await box.ok(['stop', '-t', '15', ...names]), names.join('\n'));
  assert.equal(
    (await box.ok(['ps', '-a', '--format', '{{.Names}} {{.Status}}']))
      .split('\n')
      .map(line => line.split(' ', 3).join(' '))
      .sort(),
    names.map(name => `${name} Exited (0)`).sort(),
  );
});

test('stop waits as long as it is told to: for ever, and longer than a timer can', async () => {
  for (const seconds of ['-1', '3000000']) {
    const shared = sharedFolder();
    const script = `end() { touch /s/told; until [ -e /s/go ]; do sleep 0.05; done; exit 0; }
      trap end TERM; touch /s/ready; while :; do sleep 0.05; done`;
    await box.start(script, '--name', 'patient', '-v', `${shared}:/s`);
    await eventually(() => existsSync(join(shared, 'ready')));
    const stop = box.minidock(['stop', '-t', seconds, 'patient']);
    await eventually(() => existsSync(join(shared, 'told')));
    writeFileSync(join(shared, 'go'), '');
    const { stdout, stderr } = await stop;
    assert.equal([stdout, stderr], ['patient', ''], seconds);
    assert.is(await box.inspect('patient', '{{.State.ExitCode}}'), '0', seconds);
    await box.removeAll();
  }
});

test('rm -f: one that is slow to end keeps nobody waiting', async () => {
  const slow = await box.start('sleep 1000', '--name', 'slow');
  const quick = await box.start('sleep 1000', '--name', 'quick');
  const supervisor = await supervisorOf(slow);
  process.kill(supervisor, 'SIGSTOP');
  let ended = false;
  const removal = box.ok(['rm', '-f', 'slow', 'quick']).finally(() => {
    ended = true;
  });
  try {
    await eventually(() => !existsSync(bundle(quick)));
    assert.is(ended, false, 'the other one is still being removed');
  } finally {
    process.kill(supervisor, 'SIGCONT');
  }
  assert.is(await removal, 'slow\nquick');
  assert.is(existsSync(bundle(slow)), false);
});

test('errors come after the names, and make the exit code 1; rm -f of what is not there is done already', async () => {
  await box.start('sleep 1000', '--name', 'web');
  const { exitCode, stdout, stderr } = await box.minidock(['stop', '-t', '0', 'none', 'web', 'nobody']);
  assert.equal([exitCode, stdout], [1, 'web']);
  assert.match(String(stderr), /No such container: none\n[\s\S]*No such container: nobody\n/);
  const gone = await box.minidock(['rm', '-f', 'none', 'web', 'nobody']);
  assert.equal(
    [gone.exitCode, gone.stdout, gone.stderr],
    [0, 'web', 'minidock: No such container: none\nminidock: No such container: nobody'],
  );
  assert.is((await box.minidock(['rm', 'none'])).exitCode, 1);
  assert.is((await box.minidock(['rm', '-f', 'a/b'])).exitCode, 0);
});

test.run();
