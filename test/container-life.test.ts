import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { cgroupParent, containerPaths } from '../src/state/paths.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { eventually } from './support/eventually.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';

/** A container's life: made, started, failed, ended, started again. */
const test = requires('root', 'busybox', 'overlayfs', 'iptables', 'ip');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});

test.after.each(() => box.removeAll());

const state = async (name: string) => JSON.parse(await box.inspect(name, '{{json .State}}'));
const ended = (name: string) => eventually(async () => assert.is((await state(name)).Status, 'exited'));

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

test.run();
