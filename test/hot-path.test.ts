// @mounts-nothing its subject is what Node loads
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { findProgram, requires } from './support/requires.ts';

/** What makes commands that only look quick: not how long they take on a busy machine, but what they do. */
const test = requires('root', 'busybox', 'overlayfs');
const traced = requires('root', 'busybox', 'overlayfs', 'strace');
let box: BusyboxEngine;
let running: string;
let ended: string;

test.before(async () => {
  box = await busyboxEngine();
  running = await box.start('sleep 1000', '--name', 'on');
  ended = await box.start('true', '--name', 'off');
  await eventually(async () => assert.is(await box.inspect('off', '{{.State.Status}}'), 'exited'));
});

const folder = temporaryFolder('hot');
const preload = join(folder, 'preload.cjs');
writeFileSync(
  preload,
  `process.on('exit', () => require('fs').writeFileSync(${JSON.stringify(join(folder, 'loaded'))}, process.moduleLoadList.join('\\n')));`,
);

for (const args of [['ps', '-a'], ['ps', '-q'], ['inspect', 'on'], ['images'], ['logs', 'on'], ['rm', '-f', 'none']])
  test(`${args.join(' ')} loads none of Node's larger modules`, async () => {
    await box.ok(args, { env: { NODE_OPTIONS: `--require ${preload}` } });
    const loaded = readFileSync(join(folder, 'loaded'), 'utf8').split('\n');
    assert.ok(loaded.includes('NativeModule fs'));
    const large = ['crypto', 'stream', 'net', 'child_process', 'http', 'os', 'timers/promises', 'tty', 'zlib'];
    assert.equal(
      large.filter(name => loaded.includes(`NativeModule ${name}`)),
      [],
    );
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

traced('ps looks at a container with four calls, and at one that has ended only with -a', () => {
  assert.is(calls(['ps'], running).length, 4);
  assert.equal(calls(['ps'], ended), []);
  assert.is(calls(['ps', '-a'], ended).length, 2);
});

test.run();
