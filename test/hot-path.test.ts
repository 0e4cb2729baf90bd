// @mounts-nothing its subject is what Node loads
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { containerPaths } from '../src/state/paths.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { findProgram, requires } from './support/requires.ts';

/** What makes commands that only look quick: not how long they take on a busy machine, but what they do. */
const test = requires('root', 'busybox', 'overlayfs');
const bridged = requires('root', 'busybox', 'overlayfs', 'iptables');
const traced = requires('root', 'busybox', 'overlayfs', 'strace');
let box: BusyboxEngine;
let running: string;
let ended: string;

test.before(async () => {
  box = await busyboxEngine();
  running = await box.start('sleep 1000', '--name', 'on');
  ended = await box.start('true', '--name', 'off');
  // Its end shows before its keeper has cleaned up, and until then more of it is read.
  await eventually(() => assert.not.ok(existsSync(containerPaths(box, ended).run)), 20);
});

const folder = temporaryFolder('hot');
const preload = join(folder, 'preload.cjs');
writeFileSync(
  preload,
  `const fs = require('fs');
  const vm = require('vm');
  const files = [];
  const scripts = [];
  const { Script } = vm;
  vm.Script = class extends Script {
    constructor(source, options) {
      super(source, options);
      files.push(require('path').basename(options.filename, '.cjs') + (this.cachedDataRejected === false ? '' : ' uncompiled'));
      scripts.push([this, options.cachedData]);
    }
  };
  process.on('exit', () => {
    const more = scripts.map(([script, code]) => script.createCachedData().length - (code ? code.length : 0));
    const compiled = more.reduce((sum, bytes) => sum + Math.max(bytes, 0), 0);
    fs.writeFileSync(${JSON.stringify(join(folder, 'loaded'))}, JSON.stringify({ files, compiled, modules: process.moduleLoadList }));
  });`,
);

/** Which files of dist/cli a command came to, how many bytes of code it compiled beside those there, and which modules of Node's it loaded. */
async function loadedBy(args: string[]): Promise<{ files: string[]; compiled: number; modules: string[] }> {
  await box.ok(args, { env: { NODE_OPTIONS: `--require ${preload}` } });
  return JSON.parse(readFileSync(join(folder, 'loaded'), 'utf8'));
}

const namesIn = (modules: string[], names: string[]) => names.filter(name => modules.includes(`NativeModule ${name}`));

/** A verb that is given most has a file of its own, with all that it needs (scripts/bundle/chunks.mjs). */
const reads: [args: string, files: string[]][] = [
  ['--version', ['minidock']],
  ['ps -a', ['ps']],
  ['images', ['images']],
  ['logs on', ['logs']],
  ['inspect on', ['inspect']],
  ['ps -a --format {{.ID}}', ['format', 'ps']],
  ['inspect -f {{.Id}} on', ['format', 'inspect']],
  ['container ls', ['ask', 'look', 'minidock']],
  ['port on', ['ask', 'minidock', 'rest']],
  ['exec on true', ['exec']],
  ['kill -s CONT on', ['kill']],
  ['create --name made --network none bb', ['create']],
  ['start made', ['start']],
  ['stop -t 0 made', ['stop']],
  ['rm -f made', ['rm']],
  ['run --rm --network none bb true', ['run']],
];

/** Functions that only some of the commands call: those of a failure, of what was never seen before. */
const mostCompiled = 4096;

async function checkReads(args: string, files: string[]): Promise<void> {
  const { files: read, compiled, modules } = await loadedBy(args.split(' '));
  assert.equal(read.sort(), files, args);
  assert.ok(compiled < mostCompiled, `${args}: ${compiled} bytes of code were not compiled before`);
  assert.equal(namesIn(modules, ['crypto', 'http', 'perf_hooks', 'zlib', 'timers/promises']), [], args);
}

test('the commands that are given most read only what they need of the program, and all of it compiled', async () => {
  for (const [args, files] of reads) await checkReads(args, files);
});

bridged('so does run on the bridge', () => checkReads('run --rm -p 127.0.0.1::80 bb true', ['run']));

test('what ends soon is waited for without Node’s sockets, and nothing is started by Node', async () => {
  // On a busy machine it may not end soon.
  for (const args of ['exec on true', 'run --rm --network none bb true', 'run -d --rm --network none bb true'])
    await eventually(async () => {
      const { modules } = await loadedBy(args.split(' '));
      assert.equal(namesIn(modules, ['child_process', 'net', 'stream']), [], args);
    });
});

test('a container is ended without Node’s sockets, too', async () => {
  for (const verb of ['kill', 'stop', 'rm -f'])
    await eventually(async () => {
      const id = await box.start("trap 'exit 0' TERM; touch /traps; sleep 1000 & wait");
      await box.inside(id, 'until test -e /traps; do sleep 0.05; done');
      const { modules } = await loadedBy([...verb.split(' '), id]);
      assert.equal(namesIn(modules, ['net', 'stream']), [], verb);
    });
});

test('a traced run takes the shim that waits, too', async () => {
  const { modules } = await loadedBy('run --rm --trace --network none bb true'.split(' '));
  assert.equal(namesIn(modules, ['child_process']), []);
});

/** A start of V8's optimizing compiler, which works beside a command for longer than the command lives. */
bridged('no function is called so often in a run that V8 optimizes it', async () => {
  const args = ['--trace-opt', minidockPath, 'run', '--rm', 'bb', 'true'];
  const { stdout, status } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, ...box.env },
  });
  assert.is(status, 0);
  assert.equal(stdout.match(/\[marking .*/g) ?? [], []);
});

for (const args of [['ps', '-a'], ['ps', '-q'], ['inspect', 'on'], ['images'], ['logs', 'on'], ['rm', '-f', 'none']])
  test(`${args.join(' ')} loads none of Node's larger modules`, async () => {
    const { modules: loaded } = await loadedBy(args);
    assert.ok(loaded.includes('NativeModule fs'));
    const large = [
      'crypto',
      'perf_hooks',
      'stream',
      'net',
      'child_process',
      'http',
      'os',
      'timers/promises',
      'tty',
      'zlib',
    ];
    assert.equal(namesIn(loaded, large), []);
  });

/** The calls of a command that name something of a container. */
function calls(args: string[], id: string): string[] {
  const { stderr } = spawnSync(
    findProgram('strace')!,
    ['-f', '-qq', '-s', '300', '-e', 'trace=%file', minidockPath, ...args],
    { encoding: 'utf8', env: { ...process.env, ...box.env } },
  );
  assert.not.match(stderr, /"\/proc\/locks"/);
  return stderr.split('\n').filter(line => line.includes(id.slice(0, 12)));
}

traced('ps looks at a container with three calls, and at one that has ended only with -a', () => {
  assert.is(calls(['ps'], running).length, 3);
  assert.equal(calls(['ps'], ended), []);
  assert.is(calls(['ps', '-a'], ended).length, 2);
});

traced('no time zone is looked up for a container: that takes as long as ten other files', () => {
  const { stderr } = spawnSync(
    findProgram('strace')!,
    ['-f', '-qq', '-e', 'trace=openat', minidockPath, 'run', '--rm', '--network', 'none', 'bb', 'true'],
    { encoding: 'utf8', env: { ...process.env, ...box.env } },
  );
  assert.match(stderr, /container\.json/);
  assert.not.match(stderr, /localtime/);
});

test.run();
