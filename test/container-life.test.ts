import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { cgroupParent, containerPaths } from '../src/state/paths.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { eventually } from './support/eventually.ts';
import { killedAt } from './support/faults/inject.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';

/** A container's life: made, started, failed, ended, started again. */
const needed = ['root', 'busybox', 'overlayfs', 'iptables', 'ip'];
const test = requires(...needed);
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});

test.after.each(() => box.removeAll());

const state = async (name: string) => JSON.parse(await box.inspect(name, '{{json .State}}'));
const ended = (name: string) => eventually(async () => assert.is((await state(name)).Status, 'exited'), 20);

/** What a container holds while it runs, as the kernel and the disk show it. */
function held(id: string): string[] {
  const { run, bundle } = containerPaths(box, id);
  const group = `${cgroupParent(box)}/${id}`;
  const leases = join(box.root, 'networks', box.bridge);
  return [
    ...(existsSync(run) ? [run] : []),
    ...readdirSync('/sys/fs/cgroup').filter(name => existsSync(`/sys/fs/cgroup/${name}${group}`)),
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter(line => line.includes(bundle)),
    ...(existsSync(leases) ? readdirSync(leases, { recursive: true }).filter(name => String(name).includes(id)) : []),
  ].map(String);
}

test('create prints the id and starts nothing; start starts it, and again after its end', async () => {
  const id = await box.ok(['create', '--name', 'again', '--network', 'none', 'bb', 'sh', '-c', 'echo run; exit 3']);
  assert.match(id, /^[0-9a-f]{64}$/);
  assert.is(await box.ok(['ps', '-a', '--format', '{{.Names}} {{.Status}}']), 'again Created');
  assert.equal(held(id), []);
  assert.is(await box.ok(['start', 'again']), 'again');
  await ended('again');
  const first = await state('again');
  assert.is(first.ExitCode, 3);
  const second = await box.minidock(['start', '-a', 'again']);
  assert.equal([second.exitCode, second.stdout], [3, 'run']);
  const { StartedAt, FinishedAt } = await state('again');
  assert.ok(StartedAt > first.StartedAt && FinishedAt > first.FinishedAt);
  assert.is(await box.ok(['logs', 'again']), 'run\nrun');
  assert.is(await box.inspect('again', '{{.RestartCount}}'), '0');
  assert.equal(held(id), []);
});

test('start -ai hands on input; several are started in order, and one that runs is no failure', async () => {
  await box.ok(['create', '--name', 'echo', '-i', '--network', 'none', 'bb', 'cat']);
  const echo = await box.minidock(['start', '-ai', 'echo'], { input: 'to and fro', stdin: 'pipe' });
  assert.equal([echo.exitCode, echo.stdout], [0, 'to and fro']);
  for (const name of ['one', 'two'])
    await box.ok(['create', '--name', name, '--network', 'none', 'bb', 'sleep', '1000']);
  assert.is(await box.ok(['start', 'one', 'two', 'one']), 'one\ntwo\none');
  const some = await box.minidock(['start', 'one', 'nosuch']);
  assert.equal([some.exitCode, some.stdout], [1, 'one']);
  assert.match(String(some.stderr), /No such container: nosuch[\s\S]*failed to start containers: nosuch$/);
  const both = await box.minidock(['start', '-a', 'one', 'two']);
  assert.is(both.exitCode, 1);
  assert.match(String(both.stderr), /^minidock: you cannot start and attach multiple containers at once/);
});

test('what a container wrote is there when it starts again, with an address and its ports anew', async () => {
  const port = await freePort();
  const script = 'cat /kept; echo more >> /kept; ip addr show eth0 | grep -o "inet [0-9.]*"; sleep 1000';
  const id = await box.start(script, '--network', 'bridge', '-p', `127.0.0.1:${port}:80`, '--name', 'kept');
  await eventually(async () => assert.match(await box.ok(['logs', 'kept']), /inet/));
  await box.ok(['stop', '-t', '0', 'kept']);
  assert.equal(held(id), []);
  await box.ok(['start', 'kept']);
  await eventually(async () => assert.match(await box.ok(['logs', 'kept']), /inet[\s\S]*more\ninet/));
  const address = await box.inspect('kept', '{{.NetworkSettings.IPAddress}}');
  assert.ok((await box.ok(['logs', 'kept'])).endsWith(`inet ${address}`));
  assert.is(await box.ok(['ps', '--format', '{{.Ports}}']), `127.0.0.1:${port}->80/tcp`);
});

test('one whose start failed stays Created with its name, the exit code and the reason, and holds nothing', async () => {
  const port = await freePort();
  for (const [command, code, reason] of [
    [['nosuch'], 127, /executable file not found/],
    [['/etc/passwd'], 126, /permission denied/],
  ] as const) {
    const run = await box.minidock(['run', '--name', 'failed', '-p', `127.0.0.1:${port}:80`, 'bb', ...command]);
    assert.is(run.exitCode, code);
    assert.match(String(run.stderr), reason);
    const { Status, ExitCode, StartedAt, ...rest } = await state('failed');
    assert.equal([Status, ExitCode, StartedAt], ['created', code, '0001-01-01T00:00:00Z']);
    assert.match(rest.Error, reason);
    assert.is(await box.ok(['ps', '-a', '--format', '{{.Names}} {{.Status}}|{{.Ports}}']), 'failed Created|');
    assert.equal(held(await box.inspect('failed', '{{.Id}}')), []);
    assert.is((await box.minidock(['start', 'failed'])).exitCode, 1);
    await box.ok(['rm', 'failed']);
  }
  const holder = await box.start('sleep 1000', '--network', 'bridge', '-p', `127.0.0.1:${port}:80`);
  const args = ['run', '-d', '--name', 'waits', '-p', `127.0.0.1:${port}:80`, 'bb', 'sleep', '1000'];
  const refused = await box.minidock(args);
  assert.is(refused.exitCode, 125);
  assert.match(String(refused.stdout), /^[0-9a-f]{64}$/);
  assert.is((await state('waits')).ExitCode, 128);
  await box.ok(['rm', '-f', holder]);
  // It has its name and all it was given: when the port is free it starts.
  await box.ok(['start', 'waits']);
  assert.equal([(await state('waits')).ExitCode, (await state('waits')).Error], [0, '']);
});

test('with --rm a failed start leaves nothing', async () => {
  const run = await box.minidock(['run', '--rm', '--name', 'gone', '--network', 'none', 'bb', 'nosuch']);
  assert.is(run.exitCode, 127);
  assert.equal(readdirSync(join(box.root, 'containers')), []);
});

test('one that has run and cannot be started again stays exited', async () => {
  await box.start('rm /bin/sh', '--name', 'broken');
  await ended('broken');
  assert.is((await box.minidock(['start', 'broken'])).exitCode, 1);
  const { Status, ExitCode, ...rest } = await state('broken');
  assert.equal([Status, ExitCode], ['exited', 127]);
  assert.match(rest.Error, /"sh": executable file not found/);
});

test('pause stops every process where it is: the kernel, ps and inspect say so; unpause lets them go on', async () => {
  const id = await box.start('while :; do date +%s%N > /now; done', '--name', 'still');
  const frozen = async () => {
    const [pid] = [await box.inspect('still', '{{.State.Pid}}')];
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2];
  };
  const now = () => readFileSync(join(containerPaths(box, id).upper, 'now'), 'utf8');
  await eventually(() => assert.match(now(), /\d/));
  assert.is(await box.ok(['pause', 'still']), 'still');
  const before = now();
  assert.is(await frozen(), 'D');
  assert.is(await box.ok(['ps', '--format', '{{.Names}} {{.State}}']), 'still paused');
  assert.match(await box.ok(['ps', '--format', '{{.Status}}']), /^Up .* \(Paused\)$/);
  assert.is(await box.ok(['ps', '-q', '-f', 'status=paused']), id.slice(0, 12));
  assert.is(await box.ok(['ps', '-q', '-f', 'status=running']), '');
  const { Status, Running, Paused } = await state('still');
  assert.equal([Status, Running, Paused], ['paused', true, true]);
  for (const [args, message] of [
    [['pause', 'still'], `Container ${id} is already paused`],
    [['exec', 'still', 'true'], 'Container still is paused, unpause the container before exec'],
    [['start', 'still'], 'cannot start a paused container, try unpause instead'],
    [['rm', 'still'], `You cannot remove a paused container ${id}`],
  ] as const) {
    const { exitCode, stderr } = await box.minidock([...args]);
    assert.is(exitCode, 1, args.join(' '));
    assert.ok(String(stderr).startsWith(`minidock: ${message}`), String(stderr));
    assert.match(String(stderr), /\n {2}fix: minidock /);
  }
  assert.is(now(), before);
  assert.is(await box.ok(['unpause', 'still']), 'still');
  await eventually(() => assert.is.not(now(), before));
  assert.equal([(await state('still')).Paused, (await box.minidock(['unpause', 'still'])).exitCode], [false, 1]);
});

test('one that is paused is stopped, killed, restarted and removed at once', async () => {
  const cases = [
    [['stop'], 143],
    [['kill'], 137],
    [['kill', '-s', 'TERM'], 143],
  ] as const;
  const ends = cases.map(async ([verb, code], at) => {
    const held = `held${at}`;
    await box.start('trap "exit 143" TERM; echo set; while :; do sleep 0.1; done', '--name', held);
    await eventually(async () => assert.is(await box.ok(['logs', held]), 'set'), 20);
    await box.ok(['pause', held]);
    await box.ok([...verb, held]);
    await ended(held);
    assert.is((await state(held)).ExitCode, code, verb.join(' '));
    await box.ok(['start', held]);
    assert.is((await state(held)).Paused, false);
    await box.ok(['pause', held]);
    if (code === 143) await box.ok(['restart', '-t', '0', held]);
    assert.is((await state(held)).Paused, code !== 143);
    await box.ok(['rm', '-f', held]);
  });
  // Each to its end: what fails must not be removed while the others go on.
  for (const end of await Promise.allSettled(ends)) if (end.status === 'rejected') throw end.reason;
});

test('kill sends what it is told, and what is no signal is refused', async () => {
  const script =
    'for s in USR1 WINCH; do trap "echo $s" $s; done; trap "echo rt" 37; echo set; while :; do sleep 0.1; done';
  await box.start(script, '--name', 'hears');
  await eventually(async () => assert.is(await box.ok(['logs', 'hears']), 'set'));
  for (const [signal, said] of [
    ['USR1', 'USR1'],
    ['sigwinch', 'WINCH'],
    ['10', 'USR1'],
    ['RTMIN+3', 'rt'],
  ] as const) {
    await box.ok(['kill', '-s', signal, 'hears']);
    await eventually(async () => assert.ok((await box.ok(['logs', '-n', '1', 'hears'])).endsWith(said), signal));
  }
  assert.is((await box.minidock(['kill', '-s', 'NOSUCH', 'hears'])).exitCode, 1);
  assert.is((await state('hears')).Running, true);
  assert.is(await box.ok(['kill', 'hears']), 'hears');
  assert.is(await box.ok(['rm', 'hears']), 'hears');
});

test('wait prints the exit code of each, however late it comes', async () => {
  for (const [name, script] of [
    ['early', 'exit 3'],
    ['late', 'until [ -e /go ]; do sleep 0.05; done; exit 4'],
  ] as const)
    await box.start(script, '--name', name);
  const waiting = box.minidock(['wait', 'late', 'early']);
  await ended('early');
  await box.inside('late', 'touch /go');
  const { stdout, exitCode } = await waiting;
  assert.equal([stdout, exitCode], ['4\n3', 0]);
  const some = await box.minidock(['wait', 'nosuch', 'early']);
  assert.equal([some.stdout, some.exitCode], ['3', 1]);
});

test('rename: the new name leads to it, the old one is free, and a rename that was killed half-way does no harm', async () => {
  const id = await box.start('sleep 1000', '--name', 'old');
  assert.is(await box.ok(['rename', 'old', 'new']), '');
  assert.is(await box.inspect('new', '{{.Id}} {{.Name}}'), `${id} /new`);
  assert.is((await box.minidock(['inspect', '--type', 'container', 'old'])).exitCode, 1);
  await box.start('true', '--name', 'old');
  const taken = await box.minidock(['rename', 'new', 'old']);
  assert.is(taken.exitCode, 1);
  assert.match(String(taken.stderr), /container name "\/old" is already in use by container/);
  assert.match(String((await box.minidock(['rename', 'new', 'new'])).stderr), /with the same name as its current name/);
  // Both links are there, as between the two steps.
  symlinkSync(join('../containers', id), join(box.root, 'names', 'third'));
  await box.ok(['rename', 'old', 'third']);
  assert.is(await box.ok(['ps', '-a', '--format', '{{.Names}}']), 'third\nnew');
  await box.ok(['rm', '-f', 'new', 'third']);
  assert.equal(readdirSync(join(box.root, 'names')), []);
});

test('restart: a container of --rm stays, its address is given anew; one that does not run is started', async () => {
  const id = await box.start(
    'trap "exit 0" TERM; while :; do sleep 0.1; done',
    '--rm',
    '--network',
    'bridge',
    '--name',
    'again',
  );
  const pid = await box.inspect('again', '{{.State.Pid}}');
  assert.is(await box.ok(['restart', 'again']), 'again');
  assert.is.not(await box.inspect('again', '{{.State.Pid}}'), pid);
  assert.is(await box.inspect('again', '{{.Id}} {{.State.Running}} {{.RestartCount}}'), `${id} true 0`);
  assert.match(await box.inspect('again', '{{.NetworkSettings.IPAddress}}'), /^\d/);
  await box.ok(['create', '--name', 'fresh', '--network', 'none', 'bb', 'sleep', '1000']);
  assert.is(await box.ok(['restart', '-t', '0', 'fresh']), 'fresh');
  assert.is((await state('fresh')).Running, true);
  await box.ok(['stop', '-t', '0', 'again']);
  assert.is(await box.ok(['ps', '-a', '--format', '{{.Names}}']), 'fresh');
});

requires(...needed, 'strace')(
  'a container of --rm goes with its restart that is killed between the end and the start',
  async () => {
    const id = await box.start('sleep 1000', '--rm', '--network', 'bridge', '-v', '/data', '--name', 'again');
    await killedAt(box, ['restart', '-t', '0', 'again'], '/^mkdir', containerPaths(box, id).run);
    assert.is(await box.ok(['ps', '-a', '--format', '{{.Names}} {{.Status}}']), '');
    assert.equal([held(id), readdirSync(join(box.root, 'names'))], [[], []]);
    assert.is(await box.ok(['volume', 'ls', '-q']), '');
  },
);

test('exec --privileged has all capabilities that this host gives', async () => {
  const own = readFileSync('/proc/self/status', 'utf8');
  await box.start('sleep 1000', '--name', 'rights');
  const of = async (...flags: string[]) =>
    await box.ok(['exec', ...flags, 'rights', 'grep', '^Cap', '/proc/self/status']);
  const line = (text: string, name: string) => new RegExp(`^${name}:\\t(.*)$`, 'm').exec(text)?.[1];
  assert.is(line(await of('--privileged'), 'CapEff'), line(own, 'CapBnd'));
  assert.is(line(await of('--privileged', '-u', '1000'), 'CapEff'), '0000000000000000');
  assert.is(line(await of(), 'CapEff'), '00000000a80425fb');
});

test('port lists what is published, of all ports or of one', async () => {
  const [one, two] = [await freePort(), await freePort()];
  await box.start(
    'sleep 1000',
    '--network',
    'bridge',
    '--name',
    'web',
    '-p',
    `127.0.0.1:${one}:80`,
    '-p',
    `${two}:53/udp`,
  );
  assert.is(await box.ok(['port', 'web']), `53/udp -> 0.0.0.0:${two}\n53/udp -> :::${two}\n80/tcp -> 127.0.0.1:${one}`);
  assert.is(await box.ok(['port', 'web', '80']), `127.0.0.1:${one}`);
  assert.is(await box.ok(['port', 'web', '53/udp']), `0.0.0.0:${two}\n:::${two}`);
  const none = await box.minidock(['port', 'web', '53']);
  assert.is(none.exitCode, 1);
  assert.match(String(none.stderr), /^minidock: No public port '53\/tcp' published for web/);
  await box.ok(['stop', '-t', '0', 'web']);
  assert.is(await box.ok(['port', 'web']), '');
});

test.run();
