import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';
import { onTerminal } from './support/terminal.ts';

// @mounts-nothing attach looks at no mount

/** The streams of containers that run: attach, standard input that ends or stays open, and bytes that arrive whole. */
const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});
test.after.each(() => box.removeAll());

const create = (...args: string[]) => box.ok(['create', '--network', 'none', ...args]);
const detached = (...args: string[]) => box.ok(['run', '-d', '--network', 'none', ...args]);
const logs = (id: string) => box.ok(['logs', id]);

test('run -d -i: standard input stays open when attached clients end theirs, leave, or are killed', async () => {
  const id = await detached('-i', 'bb', 'sh', '-c', 'while read line; do echo "got $line"; done; exit 3');
  // The end of its input ends neither the attachment nor the container's input.
  const first = box.minidock(['attach', id], { input: 'one\n', stdin: 'pipe' });
  await eventually(async () => assert.is(await logs(id), 'got one'));
  const second = box.minidock(['attach', id], { stdin: 'pipe' });
  second.stdin!.write('two\n');
  await eventually(async () => assert.is(await logs(id), 'got one\ngot two'));
  second.kill('SIGKILL');
  await second;
  const third = box.minidock(['attach', id], { stdin: 'pipe' });
  third.stdin!.write('three\n');
  await eventually(async () => assert.is(await logs(id), 'got one\ngot two\ngot three'));
  assert.is(await box.inspect(id, '{{.State.Running}} {{.Config.OpenStdin}} {{.Config.StdinOnce}}'), 'true true false');
  await box.ok(['stop', '-t', '0', id]);
  const ended = await Promise.all([first, third]);
  assert.equal(
    ended.map(({ exitCode, stdout }) => [exitCode, stdout]),
    [
      [137, 'got one\ngot two\ngot three'],
      [137, 'got three'],
    ],
  );
});

test('create -i: standard input ends with the first client that ends its own', async () => {
  const id = await create('-i', 'bb', 'sh', '-c', 'cat; exit 4');
  await box.ok(['start', id]);
  const { exitCode, stdout } = await box.minidock(['attach', id], { input: 'all of it\n', stdin: 'pipe' });
  assert.equal([exitCode, stdout], [4, 'all of it']);
});

/** A field of proc_pid_status(5). */
const statusOf = (pid: number, field: string) =>
  new RegExp(`^${field}:\\s+(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';

/**
 * Whether a client takes signals: it has a handler for SIGQUIT, and waits for what comes, so that it has made the others as well. Of
 * SIGTERM nothing follows: Node has a handler of its own from its start, which ends it.
 */
const takesSignals = (pid: number) =>
  ((BigInt(`0x${statusOf(pid, 'SigCgt')}`) >> BigInt(constants.signals.SIGQUIT - 1)) & 1n) === 1n &&
  statusOf(pid, 'State').startsWith('S');

/** Starts `attach` and waits until it is attached, and takes signals. */
async function attach(...args: string[]) {
  const count = () => readFileSync(join(box.execRoot, 'events.jsonl'), 'utf8').split('"action":"attach"').length;
  const before = count();
  const client = box.minidock(['attach', ...args], { stdin: 'pipe' });
  await eventually(() => assert.is(count(), before + 1), 20);
  await eventually(() => takesSignals(client.pid!), 20);
  return { client };
}

test('attach shows both outputs apart and exits with the status of the container; --no-stdin keeps its input', async () => {
  const id = await create('-i', 'bb', 'sh', '-c', 'read line; echo $line; echo err >&2; exit 7');
  await box.ok(['start', id]);
  const { client } = await attach('--no-stdin', id);
  client.stdin!.end('no\n');
  await box.minidock(['attach', id], { input: 'yes\n', stdin: 'pipe' });
  const { exitCode, stdout, stderr } = await client;
  assert.equal([exitCode, stdout, stderr], [7, 'yes', 'err']);
});

test('a signal for the client is the container’s; with --sig-proxy=false it ends the client', async () => {
  const id = await detached(
    'bb',
    'sh',
    '-c',
    'trap "echo caught; exit 9" TERM; echo ready; while :; do sleep 0.1; done',
  );
  await eventually(async () => assert.is(await logs(id), 'ready'));
  const own = await attach('--sig-proxy=false', id);
  own.client.kill('SIGTERM');
  assert.is((await own.client).exitCode, 143);
  assert.is(await box.inspect(id, '{{.State.Running}}'), 'true');
  const { client } = await attach(id);
  client.kill('SIGTERM');
  const { exitCode, stdout } = await client;
  assert.equal([exitCode, stdout], [9, 'caught']);
});

test('the end of a command in a container is told with its status', async () => {
  const id = await detached('bb', 'sleep', '1000');
  assert.is((await box.minidock(['exec', id, 'sh', '-c', 'exit 4'])).exitCode, 4);
  const lines = readFileSync(join(box.execRoot, 'events.jsonl'), 'utf8').trim().split('\n');
  const told = lines.map(line => JSON.parse(line)).filter(event => event.id === id && event.attributes.execID);
  assert.equal(
    told.map(({ action, attributes }) => [action, attributes.exitCode]),
    [
      ['exec_create: sh -c exit 4', undefined],
      ['exec_start: sh -c exit 4', undefined],
      ['exec_die', '4'],
    ],
  );
  assert.is(new Set(told.map(({ attributes }) => attributes.execID)).size, 1);
});

test('a terminal is attached to with its size, and left by keys of the user’s choice', async () => {
  const id = await detached('-it', 'bb', 'sh');
  const { exitCode, shown } = await onTerminal(
    `${minidockPath} attach --detach-keys ctrl-x,q ${id}`,
    [
      [/$/, 'stty size; echo ab$((1+1))\n'],
      [/ab2/, '\x18q'],
    ],
    { ...process.env, ...box.env },
  );
  assert.match(shown, /33 77/);
  assert.match(shown, /read escape sequence/);
  assert.is(exitCode, 1);
  const lines = readFileSync(join(box.execRoot, 'events.jsonl'), 'utf8').trim().split('\n');
  const sizes = lines.map(line => JSON.parse(line)).filter(event => event.id === id && event.action === 'resize');
  // As with Docker's client the first one makes the shell draw its prompt.
  assert.equal(
    sizes.map(({ attributes }) => [attributes.height, attributes.width]),
    [
      ['34', '78'],
      ['33', '77'],
    ],
  );
  assert.is(await box.inspect(id, '{{.State.Running}}'), 'true');
});

/** As many bytes of random, by a shell, through `command`; the sum before and after. */
async function throughPipe(megabytes: number, command: string): Promise<[string, string]> {
  const folder = temporaryFolder('sums');
  const script = `head -c ${megabytes}M /dev/urandom | tee >(sha256sum >${folder}/before) | ${command} >${folder}/after; exit \${PIPESTATUS[2]}`;
  const { exitCode, stderr } = await execa('bash', ['-c', script], { env: box.env, reject: false, timeout: 60_000 });
  assert.is(exitCode, 0, stderr);
  const sum = (name: string) => readFileSync(join(folder, name), 'utf8').split(' ')[0]!;
  await eventually(() => sum('before') !== '');
  return [sum('before'), sum('after')];
}

test('64 MB through standard input of run, exec and attach, and out of attach to a reader that pauses, arrive unharmed', async () => {
  const run = `${minidockPath} run -i --rm --network none bb sha256sum`;
  const [sent, came] = await throughPipe(64, run);
  assert.is(came, sent, 'run -i');
  const id = await create('-i', 'bb', 'cat');
  await box.ok(['start', id]);
  const [given, taken] = await throughPipe(64, `${minidockPath} exec -i ${id} sha256sum`);
  assert.is(taken, given, 'exec -i');
  const [into, outOf] = await throughPipe(64, `${minidockPath} attach ${id} | (sleep 1; sha256sum)`);
  assert.is(outOf, into, 'attach');
});

test.run();
