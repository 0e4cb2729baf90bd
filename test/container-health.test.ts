import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine, sharedFolder } from './support/busybox.ts';
import { processesWith } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;
const shared = sharedFolder();

test.before(async () => {
  box = await busyboxEngine();
});

test.after.each(() => box.removeAll());

const often = ['--health-interval', '100ms'];
const status = (name: string) => box.inspect(name, '{{.State.Health.Status}}');
const shown = (name: string) => box.ok(['ps', '-a', '--filter', `name=^${name}$`, '--format', '{{.Status}}']);
const until = (name: string, wanted: string) => eventually(async () => assert.is(await status(name), wanted), 20);

/** The keeper of this engine, which writes down which process it is. */
const keeper = () => JSON.parse(readFileSync(join(box.execRoot, 'keeper.json'), 'utf8')).pid as number;
const isKeeper = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('keeper.mjs');
  } catch {
    return false;
  }
};

test('starting, healthy, unhealthy and healthy again: in inspect, ps and events', async () => {
  writeFileSync(join(shared, 'well'), '');
  const check = ['--health-cmd', 'echo probed; test -e /s/well', '--health-retries', '2', '-v', `${shared}:/s`];
  await box.start('sleep 1000', '--name', 'slow', '--health-cmd', 'true');
  assert.match(await shown('slow'), /^Up .* \(health: starting\)$/);
  assert.is(await box.inspect('slow', '{{json .State.Health}}'), '{"Status":"starting","FailingStreak":0,"Log":[]}');
  await box.start('sleep 1000', '--name', 'web', ...check, ...often);
  await until('web', 'healthy');
  assert.match(await shown('web'), /^Up .* \(healthy\)$/);
  await box.inside('web', 'rm /s/well');
  await until('web', 'unhealthy');
  assert.match(await shown('web'), /^Up .* \(unhealthy\)$/);
  writeFileSync(join(shared, 'well'), '');
  await until('web', 'healthy');
  await eventually(async () => {
    const { FailingStreak, Log } = JSON.parse(await box.inspect('web', '{{json .State.Health}}'));
    assert.equal([FailingStreak, Log.length], [0, 5]);
    assert.ok(
      Log.every(
        ({ ExitCode, Output }: { ExitCode: number; Output: string }) => ExitCode === 0 && Output === 'probed\n',
      ),
    );
    assert.ok(Date.parse(Log[0].Start) <= Date.parse(Log[0].End));
  }, 20);
  const told = await box.ok([
    'events',
    '--since',
    '1h',
    '--until',
    '0s',
    '--filter',
    'event=health_status',
    '--format',
    '{{.Actor.Attributes.name}} {{.Action}}',
  ]);
  assert.equal(told.split('\n'), [
    'web health_status: healthy',
    'web health_status: unhealthy',
    'web health_status: healthy',
  ]);
  await box.ok(['stop', '-t', '0', 'web']);
  assert.is(await status('web'), 'unhealthy');
  assert.match(await shown('web'), /^Exited \(137\)/);
});

test('a probe has the user, the environment and the directory of the container', async () => {
  const flags = ['-u', '33', '-e', 'A=b', '-w', '/srv', '--health-cmd', 'id -u; echo $A; pwd'];
  await box.start('sleep 1000', '--name', 'who', ...flags, ...often);
  await until('who', 'healthy');
  assert.is(await box.inspect('who', '{{(index .State.Health.Log 0).Output}}'), '33\nb\n/srv\n');
});

test('a probe that hangs is killed at its time, and is a failure', async () => {
  const flags = ['--health-cmd', 'exec sleep 987654', '--health-timeout', '200ms', '--health-retries', '1'];
  await box.start('sleep 1000', '--name', 'hangs', ...flags, ...often);
  await until('hangs', 'unhealthy');
  const { ExitCode, Output } = JSON.parse(await box.inspect('hangs', '{{json (index .State.Health.Log 0)}}'));
  assert.equal([ExitCode, Output], [-1, 'Health check exceeded timeout (200ms)']);
  await box.ok(['rm', '-f', 'hangs']);
  await eventually(() => assert.equal(processesWith('987654'), []));
});

test('--no-healthcheck', async () => {
  await box.start('sleep 1000', '--name', 'off', '--no-healthcheck');
  assert.is(await box.inspect('off', '{{json .Config.Healthcheck}} {{json .State.Health}}'), '{"Test":["NONE"]} null');
  assert.not.match(await shown('off'), /\(/);
});

test('a keeper that is killed is back with the next command; stop and rm let it go', async () => {
  await box.start('sleep 1000', '--name', 'kept', '--health-cmd', 'true', ...often);
  await until('kept', 'healthy');
  const first = keeper();
  assert.ok(isKeeper(first));
  process.kill(first, 'SIGKILL');
  await eventually(() => !isKeeper(first));
  const before = await box.inspect('kept', '{{(index .State.Health.Log 0).Start}}');
  await eventually(
    async () => assert.ok((await box.inspect('kept', '{{(index .State.Health.Log 0).Start}}')) > before),
    20,
  );
  const second = keeper();
  assert.ok(second !== first && isKeeper(second));
  await box.ok(['stop', '-t', '0', 'kept']);
  await eventually(() => !isKeeper(second), 20);
  assert.not.ok(existsSync(join(box.execRoot, 'kept')));
});

test('flags that make no sense are refused', async () => {
  const refused = async (...flags: string[]) => {
    const { exitCode, stderr } = await box.minidock(['run', '-d', ...flags, 'bb', 'true']);
    assert.is(exitCode, 125);
    return String(stderr);
  };
  assert.match(
    await refused('--no-healthcheck', '--health-cmd', 'true'),
    '--no-healthcheck conflicts with --health-* options',
  );
  assert.match(await refused('--health-interval', '5'), 'missing unit in duration "5"');
  assert.match(await refused('--health-interval=-1s'), '--health-interval cannot be negative');
  assert.match(await refused('--health-timeout', '1us'), 'Timeout in Healthcheck cannot be less than 1ms');
  assert.match(await refused('--health-retries=-1'), '--health-retries cannot be negative');
  assert.is(await box.ok(['ps', '-aq']), '');
});

test.run();
