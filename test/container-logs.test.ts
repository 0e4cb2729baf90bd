import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { statusField } from '../src/host/process.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';

/** What a supervisor does with a log that gets long, and what `logs` makes of it. */
const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});

test.after.each(() => box.removeAll());

const options = (...all: string[]) => all.flatMap(option => ['--log-opt', option]);
/** So many lines of 201 bytes that begin with their number: records of at least 260 bytes and at most 275. */
const count = (lines: number, rest = '') =>
  `i=0; while [ $i -lt ${lines} ]; do printf '%0200d\\n' $i; i=$((i+1)); done; ${rest}`;
/** Waits until the test makes this file. */
const when = (name: string) => `until [ -e /${name} ]; do sleep 0.05; done;`;
const pathOf = (name: string) => box.inspect(name, '{{.LogPath}}');
const numbers = (text: string) => text.split('\n').filter(Boolean).map(Number);

/** The files of a log with what is in each, `''` the one that is written. */
function filesOf(path: string): Record<string, string> {
  const names = readdirSync(dirname(path)).filter(name => name.startsWith(basename(path)));
  return Object.fromEntries(
    names.sort().map(name => {
      const content = readFileSync(`${dirname(path)}/${name}`);
      return [name.slice(basename(path).length), String(name.endsWith('.gz') ? gunzipSync(content) : content)];
    }),
  );
}

const linesIn = (files: Record<string, string>) =>
  Object.entries(files).map(([name, text]) => [name, text.split('\n').length - 1]);

test('a log that reaches max-size is rotated before the next record, and max-file files are kept', async () => {
  await box.start(count(23, 'sleep 1000'), '--name', 'kept', ...options('max-size=1k', 'max-file=3'));
  await eventually(async () => assert.is(numbers(await box.ok(['logs', 'kept'])).at(-1), 22));
  const path = await pathOf('kept');
  assert.equal(linesIn(filesOf(path)), [
    ['', 3],
    ['.1', 4],
    ['.2', 4],
  ]);
  for (const name of ['', '.1', '.2']) assert.is(statSync(`${path}${name}`).mode & 0o7777, 0o640);
  assert.equal(numbers(await box.ok(['logs', 'kept'])), [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]);
  assert.equal(numbers(await box.ok(['logs', '-n', '5', 'kept'])), [18, 19, 20, 21, 22]);
});

test('with one file only that one is kept', async () => {
  await box.start(count(23, 'sleep 1000'), '--name', 'one', ...options('max-size=1k'));
  await eventually(async () => assert.is(numbers(await box.ok(['logs', 'one'])).at(-1), 22));
  assert.equal(linesIn(filesOf(await pathOf('one'))), [['', 3]]);
});

test('rotated logs are compressed, and none gets another number before that is done', async () => {
  const flags = options('max-size=10k', 'max-file=9', 'compress=true');
  // Where its launcher has gone, the supervisor has other numbers for its descriptors.
  const id = await box.start(`${when('go')} ${count(300, 'sleep 1000')}`, '--name', 'packed', ...flags);
  await box.inside(id, 'touch /go');
  await eventually(async () => assert.is(numbers(await box.ok(['logs', 'packed'])).at(-1), 299), 20);
  const path = await pathOf('packed');
  await eventually(
    () =>
      assert.equal(
        readdirSync(dirname(path)).filter(name => /\.\d$|new$/.test(name)),
        [],
      ),
    20,
  );
  assert.equal(
    numbers(await box.ok(['logs', 'packed'])),
    Array.from({ length: 300 }, (_, i) => i),
  );
  assert.ok(existsSync(`${path}.1.gz`));
  assert.is(statSync(`${path}.1.gz`).mode & 0o7777, 0o640);
});

test('a log that is being compressed keeps its number: the next one grows', async () => {
  const flags = options('max-size=1k', 'max-file=9', 'compress=true');
  const id = await box.start(`${when('first')} ${count(200)} ${when('second')} ${count(200, 'sleep 1000')}`, ...flags);
  const path = await pathOf(id);
  writeFileSync(`${path}.1`, '');
  const holder = spawn('flock', [path, 'sh', '-c', 'echo held; exec sleep 1000'], { detached: true });
  try {
    await once(holder.stdout, 'data');
    await box.inside(id, 'touch /first');
    await eventually(async () => assert.is(numbers(await box.ok(['logs', id])).at(-1), 199));
    assert.equal(linesIn(filesOf(path)), [
      ['', 200],
      ['.1', 0],
    ]);
    // Each record would have begun a new log: what the supervisor looks at for that it closes again.
    const opened = `/proc/${statusField(Number(await box.inspect(id, '{{.State.Pid}}')), 'PPid')}/fd`;
    assert.equal(
      readdirSync(opened).filter(fd => readlinkSync(`${opened}/${fd}`) === `${path}.1`),
      [],
    );
  } finally {
    process.kill(-holder.pid!, 'SIGKILL');
    await once(holder, 'exit');
  }
  await box.inside(id, 'touch /second');
  await eventually(() => assert.ok(existsSync(`${path}.1.gz`)));
});

test('logs -f sees every line while the log is rotated under its eyes', async () => {
  for (const compress of ['true', 'false']) {
    const flags = options('max-size=20k', 'max-file=500', `compress=${compress}`);
    const id = await box.start(`${when('go')} ${count(5000)}`, ...flags);
    const following = box.ok(['logs', '-f', id]);
    await box.inside(id, 'touch /go');
    assert.equal(
      numbers(await following),
      Array.from({ length: 5000 }, (_, i) => i),
    );
    assert.equal(
      numbers(await box.ok(['logs', id])),
      Array.from({ length: 5000 }, (_, i) => i),
    );
  }
});

test('64 MB go through a log unharmed', async () => {
  const script = `yes "$(printf '%0127d' 7)" | head -n 500000`;
  const id = await box.start(script);
  await eventually(async () => assert.is(await box.inspect(id, '{{.State.Status}}'), 'exited'), 60);
  const output = execFileSync('sh', ['-c', `${minidockPath} logs ${id} | sha256sum`], {
    encoding: 'utf8',
    env: { ...process.env, ...box.env },
  });
  const expected = createHash('sha256')
    .update(`${'7'.padStart(127, '0')}\n`.repeat(500_000))
    .digest('hex');
  assert.is(output.slice(0, 64), expected);
});

test('logs -f ends with the run that it follows, also where it does not see the moment between two', async () => {
  const id = await box.start('echo first; exec sleep 1000');
  const following = box.minidock(['logs', '-f', id]);
  let shown = '';
  following.stdout!.on('data', chunk => {
    shown += chunk;
  });
  await eventually(() => shown.includes('first'), 20);
  following.kill('SIGSTOP');
  await box.ok(['restart', '-t', '0', id]);
  following.kill('SIGCONT');
  const { exitCode, stdout } = await following;
  assert.equal([exitCode, stdout], [0, 'first']);
  await box.ok(['rm', '-f', id]);
});

test.run();
