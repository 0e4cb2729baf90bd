/**
 * Many containers at once, and much output: `npm run test:load`, which takes minutes and 5 GB of disk and so is no part of the gate. Prints
 * what it measures. Volumes of output are measured beside Docker where it is installed; MINIDOCK_MB says how many megabytes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { containerPaths } from '../src/state/paths.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { dockerd } from './support/dockerd.ts';
import { eventually } from './support/eventually.ts';
import { heldBy, litter, portRules } from './support/faults/held.ts';
import { minidockPath } from './support/minidock.ts';
import { findProgram, requires } from './support/requires.ts';

const test = requires('root', 'busybox', 'overlayfs', 'iptables');
const megabytes = Number(process.env.MINIDOCK_MB ?? 1024);
let box: BusyboxEngine;
test.before(async () => {
  box = await busyboxEngine();
});
test.after(() => box.removeAll());

const say = (what: string, figure: string) => console.log(`  ${what.padEnd(64)} ${figure}`);

async function timed<T>(what: string, action: () => Promise<T>): Promise<T> {
  const began = process.hrtime.bigint();
  const result = await action();
  say(what, `${(Number(process.hrtime.bigint() - began) / 1e9).toFixed(2)} s`);
  return result;
}

/** At most so many at a time. */
async function each<T>(all: readonly T[], width: number, action: (one: T) => Promise<unknown>): Promise<void> {
  const left = [...all];
  const work = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await action(one);
  };
  await Promise.all(Array.from({ length: width }, work));
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);
const start = (name: string) => box.ok(['run', '-d', '--name', name, 'bb', 'sleep', '100000'], { timeout: 300_000 });

async function nothingIsLeft(): Promise<void> {
  await eventually(async () => assert.equal([...heldBy(box), ...litter(box), ...(await portRules(box))], []), 60);
}

/** Proportional set size of a process, in kilobytes: proc(5), smaps_rollup. */
const pss = (pid: number) => Number(/^Pss: +(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1]);

test('200 containers at once, on the bridge; then all are removed, and nothing is left', async () => {
  await timed('200 × run -d, 8 at a time', () => each(names(200), 8, start));
  const running = (await timed('ps with 200 containers', () => box.ok(['ps', '-q', '--no-trunc']))).split('\n');
  assert.is(running.length, 200);
  const supervisors = running.map(
    id => JSON.parse(readFileSync(containerPaths(box, id).running, 'utf8')).supervisor.pid,
  );
  const memory = supervisors.map(pss).reduce((sum, one) => sum + one, 0) / supervisors.length;
  say('memory of a supervisor (PSS)', `${memory.toFixed(0)} kB`);
  assert.ok(memory < 300, `${memory} kB`);
  const addresses = new Set(
    await Promise.all([0, 50, 199].map(i => box.inspect(`c${i}`, '{{.NetworkSettings.IPAddress}}'))),
  );
  assert.is(addresses.size, 3);
  await timed('rm -f of 200', () => box.ok(['rm', '-f', ...running], { timeout: 600_000 }));
  await nothingIsLeft();
});

test('50 at once are started and removed', async () => {
  await timed('50 × run -d, all at once', () => each(names(50), 50, start));
  assert.is((await box.ok(['ps', '-q'])).split('\n').length, 50);
  await timed('50 × rm -f, all at once', () =>
    each(names(50), 50, name => box.ok(['rm', '-f', name], { timeout: 300_000 })),
  );
  await nothingIsLeft();
});

test('200 that end in the same moment leave nothing', async () => {
  const script = 'while ! test -e /gate/open; do sleep 0.2; done';
  const gate = temporaryFolder('gate');
  await each(names(200), 8, () => box.start(script, '--rm', '-v', `${gate}:/gate`));
  writeFileSync(join(gate, 'open'), '');
  await timed('200 × --rm, from their end to the last one’s removal', () =>
    eventually(async () => assert.is(await box.ok(['ps', '-aq']), ''), 120),
  );
  await nothingIsLeft();
});

/** Lines of a thousand letters, and the sum of all of them. */
function lines(folder: string): { file: string; sum: string; times: number } {
  const text = randomBytes(48 << 20)
    .toString('base64')
    .replace(/.{999}/g, '$&\n');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const file = join(folder, 'lines');
  writeFileSync(file, whole);
  const times = Math.ceil((megabytes << 20) / whole.length);
  const hash = createHash('sha256');
  for (let i = 0; i < times; i++) hash.update(whole);
  return { file, sum: hash.digest('hex'), times };
}

async function sumOf(child: ChildProcess): Promise<string> {
  const hash = createHash('sha256');
  const ended = new Promise<number | null>(resolve => child.once('close', resolve));
  await pipeline(child.stdout!, hash);
  assert.is(await ended, 0);
  return hash.digest('hex');
}

const sumOfFile = async (file: string) => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
};

const client = (words: string[], stdin: 'ignore' | 'pipe' = 'ignore') =>
  spawn(minidockPath, words, { env: { ...process.env, ...box.env }, stdio: [stdin, 'pipe', 'inherit'] });

test('a gigabyte through the log, standard input and cp, with its checksum', async () => {
  const folder = temporaryFolder('load');
  const { file, sum, times } = lines(folder);
  const printing = ['--network', 'none', '-v', `${folder}:/load:ro`, 'bb', 'sh', '-c'];
  printing.push(`i=0; while test $i -lt ${times}; do cat /load/lines; i=$((i+1)); done`);
  const size = `${megabytes} MB`;
  await box.ok(['run', '-d', '--name', 'printing', ...printing]);
  await timed(`${size} printed, from the start to the end`, () => box.ok(['wait', 'printing'], { timeout: 600_000 }));
  assert.is(await timed(`${size} read by logs`, () => sumOf(client(['logs', 'printing']))), sum);
  await box.ok(['rm', 'printing']);
  if (findProgram('dockerd') && findProgram('docker')) {
    const { docker, host } = await dockerd();
    docker(['import', '-c', 'CMD ["sh"]', (await busyboxImage()).rootfs, 'bb']);
    docker(['run', '-d', '--name', 'printing', ...printing]);
    await timed(`${size} printed with Docker`, async () => docker(['wait', 'printing']));
    const theirs = () => spawn('docker', ['-H', host, 'logs', 'printing'], { stdio: ['ignore', 'pipe', 'inherit'] });
    assert.is(await timed(`${size} read by docker logs`, () => sumOf(theirs())), sum);
    docker(['rm', '-f', 'printing']);
  }
  const all = join(folder, 'all');
  await pipeline(async function* () {
    const once = readFileSync(file);
    for (let i = 0; i < times; i++) yield once;
  }, createWriteStream(all));
  const cat = client(['run', '--rm', '-i', '--network', 'none', 'bb', 'cat'], 'pipe');
  const echoed = timed(`${size} through standard input and output`, () => sumOf(cat));
  await pipeline(createReadStream(all, { highWaterMark: 1 << 20 }), cat.stdin!);
  assert.is(await echoed, sum);
  await box.ok(['create', '--name', 'files', '--network', 'none', 'bb']);
  await timed(`${size} by cp into a container`, () => box.ok(['cp', all, 'files:/all'], { timeout: 600_000 }));
  await timed(`${size} by cp out of it`, () => box.ok(['cp', 'files:/all', `${all}.back`], { timeout: 600_000 }));
  assert.is(await sumOfFile(`${all}.back`), sum);
  await box.ok(['rm', 'files']);
  await nothingIsLeft();
});

test.run();
