// @mounts-nothing a command in a container mounts nothing
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Engine } from '../src/engine/engine.ts';
import { openEngine } from '../src/engine/local.ts';
import { containerPaths } from '../src/state/paths.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

/** Execs by their ids: another process than the one that started them lists, watches, sizes, ends and waits for them. */
const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;
let other: Engine;

test.before(async () => {
  box = await busyboxEngine();
  other = openEngine(box, { bridge: box.bridge });
});
test.after.each(() => box.removeAll());

/** Seconds: a busy machine takes its time to start a process. */
const patience = 20;
const streams = { stdin: true, stdout: true, stderr: true };
const wish = (command: string[], tty = false) => ({ command, env: [], tty, interactive: true });
const ids = async (container: string) =>
  JSON.parse(await box.inspect(container, '{{json .ExecIDs}}')) as string[] | null;
const files = (container: string) => containerPaths(box, container).execs;
const filesOf = (container: string) => (existsSync(files(container)) ? readdirSync(files(container)) : []);
const commandOf = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
const isGone = (pid: number) => !existsSync(`/proc/${pid}`);

/** Of the execs of a container: what was told, with the exit code. */
function told(container: string): string[] {
  const lines = readFileSync(join(box.execRoot, 'events.jsonl'), 'utf8').trim().split('\n');
  return lines
    .map(line => JSON.parse(line))
    .filter(({ id, action }) => id === container && /^(exec|die)/.test(action))
    .map(({ action, attributes }) => `${action.split(':')[0]} ${attributes.exitCode ?? ''}`.trim());
}

/** The one exec of a container that runs. */
const onlyOne = (container: string) =>
  eventually(async () => {
    const [one] = (await other.execs.list(container)).filter(({ status }) => status === 'running');
    return one ?? false;
  }, patience);

test('an exec in the foreground can be listed, watched, written to and waited for by another process', async () => {
  const id = await box.start('sleep 1000');
  assert.is(await ids(id), null);
  const script = 'echo first; while read line; do echo "got $line"; done; exit 7';
  const client = box.minidock(['exec', '-i', id, 'sh', '-c', script], { stdin: 'pipe' });
  const seen = await onlyOne(id);
  assert.equal([seen.container, seen.options.command[0], seen.options.interactive], [id, 'sh', true]);
  assert.match(commandOf(seen.pid), /^sh -c echo first/);
  assert.equal(await ids(id), [seen.id]);
  const attachment = await other.execs.attach(seen.id, streams);
  let output = '';
  attachment.onOutput((_, chunk) => {
    output += chunk;
  });
  const ended = other.execs.wait(seen.id);
  client.stdin!.write('one\n');
  await attachment.write(Buffer.from('two\n'));
  await eventually(() => output.includes('got one') && output.includes('got two'), patience);
  client.stdin!.end();
  assert.equal([(await client).exitCode, await ended, await attachment.exited], [7, 7, 7]);
  assert.is(await ids(id), null);
  assert.equal(filesOf(id), []);
  assert.match((await other.execs.inspect(seen.id).catch(error => error)).message, /^No such exec instance: /);
  assert.equal(told(id), ['exec_create', 'exec_start', 'exec_die 7']);
});

test('the end of exec -d is told with its status, which can be asked for afterwards', async () => {
  const id = await box.start('sleep 1000');
  await box.ok(['exec', '-d', id, 'sh', '-c', 'until test -e /go; do sleep 0.1; done; exit 5']);
  const { id: exec } = await onlyOne(id);
  const ended = other.execs.wait(exec);
  await box.inside(id, 'touch /go');
  assert.is(await ended, 5);
  await eventually(() => assert.ok(told(id).includes('exec_die 5')), patience);
  assert.equal(await other.execs.inspect(exec).then(({ status, exitCode, pid }) => [status, exitCode, pid]), [
    'ended',
    5,
    0,
  ]);
  assert.is(await other.execs.wait(exec), 5);
  assert.is(await ids(id), null);
  const again = await other.execs.start(exec).catch(error => error);
  assert.equal([again.code, again.message], ['conflict', `Error: Exec command ${exec} has already run`]);
  await other.execs.remove(exec);
  assert.equal(filesOf(id), []);
  assert.is(told(id).filter(one => one === 'exec_die 5').length, 1);
});

test('a terminal is sized by another process, and ended by a signal', async () => {
  const id = await box.start('sleep 1000');
  await box.ok([
    'exec',
    '-dt',
    id,
    'sh',
    '-c',
    'trap "stty size > /size" WINCH; touch /ready; while :; do sleep 0.1; done',
  ]);
  const { id: exec, options } = await onlyOne(id);
  assert.is(options.tty, true);
  await eventually(() => box.inside(id, 'test -e /ready'), patience);
  await other.execs.resize(exec, { rows: 41, columns: 87 });
  await eventually(async () => assert.is(await box.inside(id, 'cat /size'), '41 87'), patience);
  const again = await other.execs.start(exec).catch(error => error);
  assert.equal([again.code, again.message], ['conflict', `Error: Exec command ${exec} is already running`]);
  const ended = other.execs.wait(exec);
  await other.execs.signal(exec, 9);
  assert.is(await ended, 137);
});

for (const flags of [[], ['--pid', 'host']])
  test(`the end of a container is that of its execs ${flags.join(' ')}`, async () => {
    const id = await box.start('sleep 1000', ...flags);
    const client = box.minidock(['exec', id, 'sleep', '1001']);
    const { pid } = await onlyOne(id);
    await box.ok(['exec', '-d', id, 'sleep', '1002']);
    await other.execs.create(id, wish(['true']));
    await eventually(async () =>
      (await other.execs.list(id)).every(one => one.status === 'running' || one.status === 'created'),
    );
    assert.is((await ids(id))?.length, 3);
    await box.ok(['stop', '-t', '0', id]);
    assert.is((await client).exitCode, 137);
    await eventually(() => isGone(pid), patience);
    assert.equal(filesOf(id), []);
    await eventually(() => assert.equal(told(id).slice(-3, -1), ['exec_die 137', 'exec_die 137']), patience);
    assert.match(told(id).at(-1)!, /^die/);
    assert.is(await ids(id), null);
  });

test('what a killed supervisor or client of an exec leaves is brought to rest by whoever looks next', async () => {
  const id = await box.start('sleep 1000');
  await box.ok(['exec', '-d', id, 'sleep', '1003']);
  const { id: exec, pid } = await onlyOne(id);
  const [, supervisor] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  process.kill(Number(supervisor), 'SIGKILL');
  await eventually(() => isGone(pid), patience);
  assert.is(await ids(id), null);
  assert.is((await other.execs.inspect(exec)).exitCode, 137);
  assert.is(await other.execs.wait(exec), 137);
  assert.equal(told(id), ['exec_create', 'exec_start', 'exec_die 137']);

  const client = box.minidock(['exec', id, 'sh', '-c', 'until test -e /go; do sleep 0.1; done; exit 6']);
  const left = await onlyOne(id);
  client.kill('SIGKILL');
  await client;
  await box.inside(id, 'touch /go');
  await eventually(() => assert.ok(told(id).includes('exec_die 6')), patience);
  assert.is((await other.execs.inspect(left.id)).exitCode, 6);
});

test('the keeper is started by the supervisor of an exec, and by that of a container in another PID namespace', async () => {
  const one = await box.start('sleep 1000');
  await box.ok(['exec', '-d', one, 'true']);
  await eventually(() => assert.ok(told(one).includes('exec_die 0')), patience);
  const two = await box.start('sleep 0.2', '--pid', `container:${one}`, '--rm');
  await eventually(() => assert.not.ok(existsSync(join(box.execRoot, two.slice(0, 12)))), patience);
});

test.run();
