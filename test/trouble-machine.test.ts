import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { dockerd } from './support/dockerd.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';

/** What the machine refuses and is no defect: output that cannot be written, descriptors that are used up, a file's place. */
const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;
const full = openSync('/dev/full', 'w');

test.before(async () => {
  box = await busyboxEngine();
});
test.after.each(() => box.removeAll());
test.after(() => closeSync(full));

const environment = () => ({ ...process.env, ...box.env, NODE_EXTRA_CA_CERTS: '' });
const containers = () => readdirSync(join(box.root, 'containers')).filter(name => !name.startsWith('.'));

/** What Docker says where it says something (its tables are lost without a word), and coreutils: the container lives on. */
test('standard output on /dev/full: said in a line, exit code 1', async () => {
  const id = await box.start('echo said; sleep 1000');
  await eventually(async () => assert.is(await box.ok(['logs', id]), 'said'));
  const run = ['run', '--rm', '--network', 'none', 'bb'];
  for (const args of [
    ['ps'],
    ['ps', '-q'],
    ['images'],
    ['logs', id],
    ['inspect', id],
    ['inspect', '-f', '{{.Id}}', id],
    ['exec', id, 'echo', 'hi'],
    ['history', 'bb'],
    ['--version'],
    ['version'],
    ['--help'],
    [...run, 'echo', 'hi'],
    [...run, 'sh', '-c', 'echo hi; exit 3'],
    ['run', '-d', '--network', 'none', 'bb', 'true'],
    ['stop', '-t', '0', id],
  ]) {
    const { status, stderr } = spawnSync(minidockPath, args, {
      env: environment(),
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    assert.equal([status, stderr], [1, 'minidock: write /dev/stdout: no space left on device\n'], args.join(' '));
  }
  const mute = spawnSync(minidockPath, ['ps', '--nosuch'], { env: environment(), stdio: ['ignore', 'pipe', full] });
  assert.equal([mute.status, String(mute.stdout)], [125, '']);
});

test('a reader who closes its pipe has seen enough: 141 as by SIGPIPE, without a word', async () => {
  for (const args of [['ps'], ['run', '--rm', '--network', 'none', 'bb', 'echo', 'hi']]) {
    const child = spawn(minidockPath, args, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let said = '';
    child.stderr.on('data', chunk => {
      said += chunk;
    });
    assert.equal([(await once(child, 'close'))[0], said], [141, ''], args.join(' '));
  }
});

test('--cidfile: the file is there before the container, or neither is', async () => {
  const folder = temporaryFolder('cid');
  const [file, nowhere] = [join(folder, 'id'), join(folder, 'nowhere/id')];
  const run = (path: string, ...rest: string[]) =>
    box.minidock(['run', '--cidfile', path, '--network', 'none', '--pull', 'never', ...rest]);
  const missing = await run(nowhere, 'bb', 'true');
  assert.is(missing.exitCode, 125);
  assert.is(
    missing.stderr,
    `minidock: failed to create the container ID file: open ${nowhere}: no such file or directory\n  fix: make its directory first`,
  );
  writeFileSync(file, 'another');
  const found = await run(file, 'bb', 'true');
  assert.is(found.exitCode, 125);
  assert.match(String(found.stderr), new RegExp(`^minidock: container ID file found: ${file}\n`));
  assert.is(readFileSync(file, 'utf8'), 'another');
  const fullDisk = await run('/dev/full', 'bb', 'true');
  assert.is(fullDisk.exitCode, 125);
  assert.equal(containers(), []);
  const fresh = join(folder, 'fresh');
  for (const rest of [
    ['nosuch', 'true'],
    ['-p', '70000:1', 'bb', 'true'],
  ]) {
    assert.is.not((await run(fresh, ...rest)).exitCode, 0);
    assert.not.ok(existsSync(fresh), rest.join(' '));
  }
  assert.equal(containers(), []);
  await box.ok(['run', '--cidfile', fresh, '--dry-run', 'bb', 'true']);
  assert.not.ok(existsSync(fresh));
  // As in Docker one whose start failed is there, and has its file.
  assert.is((await run(fresh, 'bb', 'nosuch')).exitCode, 127);
  assert.equal([readFileSync(fresh, 'utf8')], containers());
  await box.removeAll();
  unlinkSync(fresh);
  assert.is((await run(fresh, 'bb', 'sh', '-c', 'exit 7')).exitCode, 7);
  assert.equal([readFileSync(fresh, 'utf8')], containers());
  assert.is((await run('', 'bb', 'true')).exitCode, 0);
});

requires(
  'root',
  'busybox',
  'overlayfs',
  'dockerd',
  'docker',
)('--cidfile says what Docker says', async () => {
  const daemon = await dockerd();
  const file = join(temporaryFolder('cid'), 'nowhere/id');
  const theirs = daemon.result(['run', '--cidfile', file, 'bb']).stderr.split('\n')[0]!;
  const ours = String((await box.minidock(['run', '--cidfile', file, 'bb'])).stderr).split('\n')[0]!;
  assert.is(ours.replace(/^minidock: /, ''), theirs.replace(/^docker: |\.$/g, ''));
});

test('too few descriptors: a line that says so, whichever call it strikes, and nothing is left', async () => {
  const run = ['run', '--rm', '--network', 'none', 'bb', 'echo', 'ran'];
  let refused = 0;
  // Below 19 Node does not start, from about 25 on it is enough.
  for (let limit = 19; limit <= 30; limit++) {
    const { exitCode, stdout, stderr } = await execa(
      'sh',
      ['-c', `ulimit -n ${limit}; exec "$@"`, 'sh', minidockPath, ...run],
      {
        env: { ...box.env, NODE_EXTRA_CA_CERTS: undefined },
        reject: false,
      },
    );
    if (exitCode === 0) assert.is(stdout, 'ran');
    else {
      refused++;
      assert.is(exitCode, 125, stderr);
      assert.match(stderr, /^minidock: [^\n]*too many open files\n {2}fix: raise the limit that `ulimit -n` shows$/);
    }
    assert.is(await box.ok(['ps', '-aq']), '');
  }
  assert.ok(refused > 0);
  // What could not be removed for want of descriptors goes with the next keeper.
  await box.ok(['run', '-d', '--rm', '--network', 'none', 'bb', 'true']);
  await eventually(() =>
    assert.equal(
      [box.root, box.execRoot].flatMap(folder => readdirSync(folder)).filter(name => /^\.|^[0-9a-f]{12}$/.test(name)),
      [],
    ),
  );
});

test.run();
