// @mounts-nothing its machine is a mount namespace whose / is private
import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { type BareDebian, bareDebian } from './support/bare-debian.ts';
import { testRun } from './support/cleanup.ts';
import { type Sandbox, sandbox } from './support/minidock.ts';
import { checkout, findProgram, requires } from './support/requires.ts';

/** What `npm pack` makes, installed on a machine that has Debian's minimum, Node and npm: no compiler, no network. */
const test = requires('root', 'overlayfs', 'debootstrap', 'busybox', 'unshare', 'chroot', 'npm');
let debian: BareDebian;
let box: Sandbox;
let installed: string;

function there(script: string): string {
  const { code, out, err } = debian.run(script, box.folder, { ...box.env, MINIDOCK_TEST_RUN: testRun });
  assert.is(code, 0, `${script}\n${out}\n${err}`);
  assert.is(err, '', script);
  return out.trimEnd();
}

test.before(async () => {
  box = sandbox();
  // The build is not repeated here: other tests use it at this moment.
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', box.folder];
  const packed = spawnSync(findProgram('npm')!, pack, { cwd: checkout, encoding: 'utf8' });
  assert.is(packed.status, 0, packed.stderr);
  debian = await bareDebian();
  there(`npm install -g --offline --silent ${box.folder}/minidock-*.tgz`);
  installed = join(debian.tree, 'usr/local/lib/node_modules/minidock');
});

test('a container runs on a Debian without a compiler', async () => {
  copyFileSync((await busyboxImage()).rootfs, join(box.folder, 'bb.tar'));
  assert.is(there('command -v cc gcc make python3 g++ || echo none'), 'none');
  there(`minidock import ${box.folder}/bb.tar tiny`);
  const script = 'echo it is process $$ of $(hostname); id -u';
  const run = `minidock run --rm --network none --hostname inside tiny sh -c '${script}'`;
  assert.is(there(run), 'it is process 1 of inside\n0');
  assert.is(there('minidock ps -aq'), '');
});

test('a network wants iptables, and says so in one line', () => {
  const { code, err } = debian.run('minidock run --rm tiny true', box.folder, box.env);
  assert.is(code, 125);
  assert.match(err, /iptables.*\n.*apt/);
});

test('help and completion are in it', () => {
  assert.match(there('minidock run --help'), /Usage: {2}minidock run \[OPTIONS\] IMAGE/);
  assert.match(there('minidock completion bash'), /complete /);
  assert.match(there('cd / && minidock version'), /^Client: minidock\n Version:/);
});

test('compiled code that another Node left, or none, changes nothing but the time', () => {
  const folder = join(installed, 'dist/cli');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const codes = names.filter(name => name.endsWith(`.cjs.${process.arch}.v8`));
  assert.is(codes.length, names.filter(name => name.endsWith('.cjs')).length);
  // One that has a file of its own, and one that has not.
  const said = () => there('minidock ps -a; minidock version');
  const before = said();
  for (const name of codes) {
    const compiled = readFileSync(join(folder, name));
    // Its second word is a hash of V8's version.
    compiled.writeUInt32LE((compiled.readUInt32LE(4) ^ 1) >>> 0, 4);
    writeFileSync(join(folder, name), compiled);
  }
  assert.is(said(), before);
  for (const name of codes) rmSync(join(folder, name));
  assert.is(said(), before);
});

test('the command line needs no TypeScript and no package that is not in it', () => {
  const packages = there('ls /usr/local/lib/node_modules/minidock/node_modules').split('\n');
  assert.ok(packages.includes('yargs') && !packages.includes('tsx'), packages.join(' '));
  rmSync(join(installed, 'src'), { recursive: true });
  rmSync(join(installed, 'lessons'), { recursive: true });
  assert.is(there('minidock run --rm --network none tiny echo without sources'), 'without sources');
});

test.run();
