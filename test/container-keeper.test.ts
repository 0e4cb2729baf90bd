import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { observe } from '../src/container/observe.ts';
import { flocks } from '../src/host/locks.ts';
import { containerPaths } from '../src/state/paths.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { eventually } from './support/eventually.ts';
import { killedAt } from './support/faults/inject.ts';
import { requires } from './support/requires.ts';

const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});

test.after.each(() => box.removeAll());

/** The keepers of this engine: their command line names its root. */
function keepers(): number[] {
  const isKeeper = (pid: string) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const isNode = readlinkSync(`/proc/${pid}/exe`) === process.execPath;
      return isNode && command.includes('keeper') && command.includes(box.root);
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && isKeeper(name))
    .map(Number);
}

const noKeeper = () => eventually(() => assert.equal(keepers(), []));
const runs = async (name: string) => (await box.ok(['logs', name])).split('\n').filter(line => line === 'ran').length;
const state = (name: string) => box.inspect(name, '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}');

test('on-failure:2 starts a failing container twice more, and then leaves it', async () => {
  await box.start('echo ran; exit 3', '--restart', 'on-failure:2', '--name', 'fails');
  await eventually(async () => assert.is(await state('fails'), 'exited 3 2'));
  assert.is(await runs('fails'), 3);
  await noKeeper();
  assert.not.ok(existsSync(join(box.execRoot, 'kept')));
});

test('wait waits for the last end', async () => {
  await box.start('echo ran; exit 3', '--restart', 'on-failure:2', '--name', 'waited');
  assert.is(await box.ok(['wait', 'waited']), '3');
  assert.is(await state('waited'), 'exited 3 2');
});

test('on-failure leaves a container that ends well', async () => {
  await box.start('echo ran', '--restart', 'on-failure', '--name', 'well');
  await eventually(async () => assert.is(await state('well'), 'exited 0 0'));
  await noKeeper();
  assert.is(await runs('well'), 1);
});

test('always: ps and inspect show the wait between two runs; stop ends it for good', async () => {
  await box.start('echo ran; exit 1', '--restart', 'always', '--name', 'again');
  assert.is(
    await box.inspect('again', '{{json .HostConfig.RestartPolicy}}'),
    '{"Name":"always","MaximumRetryCount":0}',
  );
  await eventually(async () => assert.ok((await runs('again')) >= 4));
  await eventually(async () => {
    assert.match(
      await box.ok(['ps', '--format', '{{.Names}} {{.State}} {{.Status}}']),
      /^again restarting Restarting \(1\) /,
    );
    assert.is(
      await box.inspect('again', '{{.State.Status}} {{.State.Running}} {{.State.Restarting}} {{.State.Pid}}'),
      'restarting true true 0',
    );
  });
  await box.ok(['stop', 'again']);
  assert.match(await state('again'), /^exited 1 /);
  assert.is(await box.ok(['ps', '-q']), '');
  await noKeeper();
});

test('a running container that is stopped is not started again; one that is killed from inside is', async () => {
  await box.start('trap "exit 0" TERM; echo ran; sleep 1000 & wait', '--restart', 'always', '--name', 'service');
  await eventually(async () => assert.is(await runs('service'), 1));
  process.kill(Number(await box.inspect('service', '{{.State.Pid}}')), 'SIGKILL');
  await eventually(async () => assert.is(await runs('service'), 2));
  await eventually(async () =>
    assert.is(await box.inspect('service', '{{.State.Status}} {{.RestartCount}}'), 'running 1'),
  );
  await box.ok(['stop', 'service']);
  await noKeeper();
  assert.match(await state('service'), /^exited 0 /);
  assert.is(await runs('service'), 2);
});

requires(
  'root',
  'busybox',
  'overlayfs',
  'strace',
)('a stop that is killed before it sends its signal leaves the restart policy as it was', async () => {
  const id = await box.start('echo ran; sleep 1000', '--restart', 'always', '--name', 'service');
  await eventually(async () => assert.is(await runs('service'), 1));
  for (const [before, verb] of [['stop'], ['kill', '-s', 'TERM'], ['rm', '-f'], ['restart']].entries()) {
    const { stopping } = containerPaths(box, id);
    await killedAt(box, [...verb, 'service'], 'close', stopping);
    const pid = Number(await box.inspect('service', '{{.State.Pid}}'));
    assert.ok(pid > 0, `${verb[0]} ended it`);
    process.kill(pid, 'SIGKILL');
    await eventually(
      async () => assert.is(await runs('service'), before + 2, `after ${verb[0]} it is not started again`),
      20,
    );
    await eventually(async () => assert.is(await box.inspect('service', '{{.State.Status}}'), 'running'), 20);
  }
});

requires(
  'root',
  'busybox',
  'overlayfs',
  'strace',
)('a restart that is killed in between is finished: by the policy, or by the keeper', async () => {
  const id = await box.start('echo ran; sleep 1000', '--restart', 'on-failure', '--name', 'service');
  const { exit, run } = containerPaths(box, id);
  const places = [
    ['readlink,readlinkat', exit],
    ['mkdir,mkdirat', run],
  ] as const;
  for (const [before, [calls, place]] of places.entries()) {
    await eventually(async () => assert.is(await runs('service'), before + 1));
    await killedAt(box, ['restart', '-t', '0', 'service'], calls, place);
    await eventually(async () => assert.is(await runs('service'), before + 2, `killed at ${calls}`), 20);
    await eventually(async () => assert.is(await box.inspect('service', '{{.State.Status}}'), 'running'), 20);
  }
  await box.ok(['restart', '-t', '0', 'service']);
  await eventually(async () => assert.is(await state('service'), 'running 0 0'));
  await noKeeper();
});

test('rm refuses a container that is about to be started again, and takes it with -f', async () => {
  const id = await box.start('exit 1', '--restart', 'always', '--name', 'busy');
  await eventually(async () => assert.is(await box.inspect('busy', '{{.State.Status}}'), 'restarting'));
  await eventually(async () => {
    const { exitCode, stderr } = await box.minidock(['rm', 'busy']);
    assert.is(exitCode, 1);
    assert.match(String(stderr), `You cannot remove a restarting container ${id}. Stop the container before`);
    // The delay grows, so that one of the commands comes in time.
  }, 40);
  await box.ok(['rm', '-f', 'busy']);
  await noKeeper();
  assert.equal(readdirSync(join(box.root, 'containers')), []);
});

test('a keeper that is killed is back with the next command, and counts on', async () => {
  await box.start('echo ran; exit 1', '--restart', 'on-failure:5', '--name', 'kept');
  const killed = new Set<number>();
  await eventually(async () => {
    for (const pid of keepers()) {
      if (killed.size >= 4) break;
      killed.add(pid);
      process.kill(pid, 'SIGKILL');
    }
    assert.is(await state('kept'), 'exited 1 5');
  }, 30);
  assert.is(killed.size, 4);
  await noKeeper();
});

test('a container that has ended does not look as if it ran while its run directory is removed', async () => {
  const id = await box.start('sleep 1000', '--name', 'ends');
  const run = join(box.execRoot, id.slice(0, 12));
  const seen = () => observe(box, id, flocks).kind;
  const { pid } = JSON.parse(readFileSync(join(run, 'running.json'), 'utf8')) as { pid: number };
  // So many that their removal takes a while.
  for (let i = 0; i < 20_000; i++) writeFileSync(join(run, `file-${i}`), '');
  process.kill(pid, 'SIGKILL');
  await eventually(() => seen() !== 'running');
  const later = new Set<string>();
  for (let kind = seen(); kind !== 'settled'; kind = seen()) {
    later.add(kind);
    await new Promise(resolve => setImmediate(resolve));
  }
  assert.not.ok(later.has('running'), [...later].join(' '));
});

test('a container that cannot be started again has exited, with the reason', async () => {
  await box.start('rm /bin/sh; exit 1', '--restart', 'always', '--name', 'lost');
  await eventually(async () =>
    assert.match(await box.inspect('lost', '{{.State.Status}} {{.State.Error}}'), /^exited exec: "sh": /),
  );
  await noKeeper();
});

test('system start: after a reboot those run again that are to, and the others have exited', async () => {
  const run = (name: string, policy: string, script = 'sleep 1000') =>
    box.start(script, '--restart', policy, '--name', name);
  await run('always', 'always');
  await run('always-stopped', 'always');
  await run('unless', 'unless-stopped');
  await run('unless-stopped', 'unless-stopped');
  await run('failed', 'on-failure');
  await run('plain', 'no');
  await run('done', 'on-failure', 'true');
  await eventually(async () => assert.is(await box.inspect('done', '{{.State.Status}}'), 'exited'));
  await box.ok(['create', '--restart', 'always', '--name', 'created', 'bb']);
  await box.ok(['stop', '-t', '0', 'always-stopped', 'unless-stopped']);
  await noKeeper();
  // What a reboot does: no process is left, and the exec root is empty.
  const running = (await box.ok(['ps', '-q', '--no-trunc'])).split('\n');
  const pids = await Promise.all(running.map(id => box.inspect(id, '{{.State.Pid}}')));
  const supervisors = pids.map(pid =>
    Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
  );
  for (const pid of supervisors) process.kill(pid, 'SIGKILL');
  await eventually(() => pids.every(pid => !existsSync(`/proc/${pid}`)));
  rmSync(box.execRoot, { recursive: true });
  assert.is(await box.inspect('plain', '{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}}'), 'exited 255 0');
  assert.is(await box.ok(['system', 'start']), 'always\nalways-stopped\nfailed\nunless');
  const states = await box.ok(['ps', '-a', '--format', '{{.Names}} {{.State}}']);
  assert.equal(states.split('\n').sort(), [
    'always running',
    'always-stopped running',
    'created created',
    'done exited',
    'failed running',
    'plain exited',
    'unless running',
    'unless-stopped exited',
  ]);
  assert.is(await box.ok(['system', 'start']), '');
});

test('system stop: all end by their own signals, none is started again before the boot, and then those are that are to', async () => {
  const orderly = 'trap "echo asked; exit 0" TERM; while :; do sleep 0.1; done';
  const run = (name: string, policy: string, script: string, ...flags: string[]) =>
    box.start(`echo begun; ${script}`, '--restart', policy, '--name', name, '--stop-timeout', '60', ...flags);
  await run('always', 'always', orderly);
  await run('unless', 'unless-stopped', orderly);
  await run('failing', 'on-failure', 'trap "exit 3" USR1; while :; do sleep 0.1; done', '--stop-signal', 'USR1');
  await run('plain', 'no', orderly);
  await run('stopped', 'unless-stopped', orderly);
  await run('waiting', 'always', 'exit 1');
  for (const name of ['always', 'unless', 'failing', 'plain', 'stopped'])
    await eventually(async () => assert.match(await box.ok(['logs', name]), /begun/));
  await box.ok(['stop', 'stopped']);
  await box.ok(['pause', 'unless']);
  await eventually(async () => assert.match(await state('waiting'), /^restarting 1 /));
  assert.is(await box.ok(['system', 'stop']), 'always\nfailing\nplain\nunless\nwaiting');
  const atRest = ['always 0', 'failing 3', 'plain 0', 'stopped 0', 'unless 0', 'waiting'];
  const states = async () =>
    (await box.ok(['inspect', '-f', '{{.Name}} {{.State.Status}} {{.State.ExitCode}}', ...(await ids())]))
      .split('\n')
      // Its short run may be what the signal meets.
      .map(line =>
        line
          .slice(1)
          .replace(' exited', '')
          .replace(/^(waiting) \d+$/, '$1'),
      )
      .sort();
  const ids = async () => (await box.ok(['ps', '-aq'])).split('\n');
  assert.equal(await states(), atRest);
  await noKeeper();
  assert.equal(await states(), atRest);
  assert.match(await box.ok(['logs', 'always']), /^begun\nasked$/);
  assert.is(await box.ok(['system', 'stop']), '');
  assert.is(await box.ok(['system', 'start']), 'always\nfailing\nunless\nwaiting');
});

test('--restart and --rm exclude each other; policies are checked', async () => {
  const refused = async (...flags: string[]) => {
    const { exitCode, stderr } = await box.minidock(['run', '-d', ...flags, 'bb', 'true']);
    assert.is(exitCode, 125);
    return String(stderr);
  };
  assert.match(await refused('--rm', '--restart', 'always'), 'Conflicting options: --restart and --rm');
  assert.match(await refused('--restart', 'sometimes'), "invalid restart policy 'sometimes'");
  assert.match(
    await refused('--restart', 'always:3'),
    "maximum retry count cannot be used with restart policy 'always'",
  );
  assert.match(await refused('--restart', 'on-failure:x'), 'maximum retry count must be an integer');
  assert.is(await box.ok(['ps', '-aq']), '');
});

test.run();
