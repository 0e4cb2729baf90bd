// @mounts-nothing what it mounts is in mount namespaces of its own
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { readCgroupLayout } from '../src/host/cgroup-layout.ts';
import { findIdentity } from '../src/host/process.ts';
import { endProcesses, onExit } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { type LearnersCheckout, learnersCheckout } from './support/learners-checkout.ts';
import { requires } from './support/requires.ts';

/** `npm run lesson NN -- check|watch|hint|solution|reset` as a learner types them, in a checkout of the learner's own. */
const test = requires('root', 'overlayfs');

let mine: LearnersCheckout;
test.before(() => {
  mine = learnersCheckout();
});
const id = '03-uts-namespace';
const command = ['--import', 'tsx', 'src/workshop/main.ts'];
const environment = () => ({
  ...process.env,
  XDG_STATE_HOME: mine.state,
  TMPDIR: mine.folder,
  LANG: 'C',
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
});

function lesson(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...command, ...args], {
    cwd: mine.folder,
    env: environment(),
    encoding: 'utf8',
    timeout: 60_000,
  });
  // As one line: where it breaks is the terminal's affair.
  return { status, output: `${stdout}${stderr}`.replace(/\s+/g, ' ') };
}

function start(...args: string[]): ChildProcess & { text: () => string } {
  const child = spawn(process.execPath, [...command, ...args], {
    cwd: mine.folder,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onExit(() => endProcesses([child.pid!]));
  let text = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', chunk => (text += chunk));
  return Object.assign(child, { text: () => text });
}

const ended = (child: ChildProcess) =>
  new Promise<number | null>(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.once('exit', resolve);
  });

/** Groups of the checker with this pid, in all hierarchies. */
function groupsOf(pid: number): string[] {
  return readCgroupLayout().hierarchies.flatMap(({ mountpoint }) =>
    fs
      .readdirSync(mountpoint)
      .filter(name => name.startsWith(`minidock-check-${pid}-`))
      .map(name => path.join(mountpoint, name)),
  );
}

const foldersOf = (pid: number) => fs.readdirSync(mine.folder).filter(name => name.includes(`-${pid}-`));

/** Processes in groups and below them. */
function processesIn(groups: readonly string[]): number[] {
  return groups.flatMap(group => {
    if (!fs.existsSync(group)) return [];
    return fs
      .readdirSync(group, { recursive: true })
      .map(String)
      .filter(name => name.endsWith('cgroup.procs'))
      .flatMap(name => fs.readFileSync(path.join(group, name), 'utf8').split('\n').filter(Boolean).map(Number));
  });
}

const write = (text: string) => fs.writeFileSync(mine.file(id), text);
const wrong = () => mine.solution(id).replace('name.bytes.length - 1', '1');
const waits = 'export const utsNamespace = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);';

test('check: 1 for a skeleton and a wrong answer, 0 for a right one, which is remembered; 2 where it cannot be checked', () => {
  const skeleton = lesson('03', 'check');
  assert.is(skeleton.status, 1, skeleton.output);
  assert.match(skeleton.output, /utsNamespace is not written yet/);
  write(wrong());
  const cut = lesson('03', 'check');
  assert.is(cut.status, 1);
  assert.match(cut.output, /→ .*Not yet\. `npm run lesson 03 -- hint`/);
  assert.not.match(lesson('03', 'solution').output, /Yours has passed/);
  write(mine.solution(id));
  const right = lesson('03', 'check');
  assert.is(right.status, 0, right.output);
  assert.match(right.output, /✓ the process’s hostname is .* Passed: the kernel agrees/);
  assert.match(lesson('03', 'solution').output, /sethostname.*Yours has passed as well/);
  write(wrong());
  assert.is(lesson('03', 'check', '--solution').status, 0);
  assert.is(lesson('99', 'check').status, 2);
  assert.is(lesson('check').status, 2);
  const chinese = lesson('03', 'check', 'zh');
  assert.is(chinese.status, 1);
  assert.match(chinese.output, /还不对/);
});

requires('root', 'overlayfs')('check without root: 2, and what to do', () => {
  const { status, stderr } = spawnSync(
    'setpriv',
    ['--reuid', '65534', '--clear-groups', process.execPath, ...command, '03', 'check'],
    { cwd: mine.folder, env: { ...environment(), XDG_STATE_HOME: '/dev/null' }, encoding: 'utf8' },
  );
  if (/EACCES|Cannot find/.test(stderr)) return;
  assert.is(status, 2, stderr);
  assert.match(stderr, /^lesson: exercises are checked in a container, which takes root\nrun it with sudo/);
});

test('no stack trace for what does not compile', () => {
  write('export const utsNamespace = (: string) => [];\n');
  const { status, output } = lesson('03', 'check');
  assert.is(status, 1);
  assert.match(
    output,
    /✗ lessons\/03-uts-namespace\/exercise\.ts:1:30 Unexpected ":" │ export const utsNamespace = \(: string\)/,
  );
  assert.not.match(output, /node:internal| at /);
});

test('what has a wrong type is told by its place, beside what came of it', () => {
  write(mine.solution(id).replace('[name, name', '[hostname, name'));
  const { status, output } = lesson('03', 'check');
  assert.is(status, 1);
  assert.match(
    output,
    /TypeScript objects to: lessons\/03-uts-namespace\/exercise\.ts:\d+:\d+ Type 'string' is not assignable/,
  );
});

test('hint: one more each time, and no more than there are', () => {
  assert.match(lesson('04', 'hint').output, /Hint 1 of 3/);
  assert.match(lesson('04', 'hint').output, /Hint 2 of 3/);
  assert.match(lesson('04', 'hint').output, /Hint 3 of 3/);
  assert.match(lesson('04', 'hint').output, /Hint 3 of 3.*These were all/);
});

test('reset: the skeleton is back, and what was written lies beside it', () => {
  write('mine 1');
  assert.match(
    lesson('03', 'reset').output,
    /is as new; what you wrote is in lessons\/03-uts-namespace\/exercise\.ts\.old-1/,
  );
  write('mine 2');
  assert.match(lesson('03', 'reset').output, /exercise\.ts\.old-2/);
  assert.match(lesson('03', 'reset').output, /exercise\.ts is as new $/);
  assert.is(fs.readFileSync(`${mine.file(id)}.old-1`, 'utf8'), 'mine 1');
  assert.is(fs.readFileSync(`${mine.file(id)}.old-2`, 'utf8'), 'mine 2');
  assert.match(fs.readFileSync(mine.file(id), 'utf8'), /return todo\(\);/);
  fs.rmSync(mine.file(id));
  fs.symlinkSync('/etc/hostname', mine.file(id));
  assert.match(lesson('03', 'check').output, /it is a symbolic link/);
  lesson('reset', 'all');
  assert.ok(fs.lstatSync(mine.file(id)).isFile());
  assert.ok(fs.lstatSync(`${mine.file(id)}.old-3`).isSymbolicLink());
});

test('watch checks again whenever the file is saved, however an editor does that; Ctrl-C ends it well', async () => {
  write(wrong());
  const watch = start('03', 'watch');
  await eventually(() => /Not yet[\s\S]*Watching/.test(watch.text()), 30);
  // A new file in the place of the old one.
  fs.writeFileSync(`${mine.file(id)}.new`, mine.solution(id));
  fs.renameSync(`${mine.file(id)}.new`, mine.file(id));
  await eventually(() => /Passed: the kernel agrees[\s\S]*Watching/.test(watch.text()), 30);
  const before = watch.text().length;
  write('export const = ;');
  await eventually(() => /exercise\.ts:1:14[\s\S]*Watching/.test(watch.text().slice(before)), 30);
  watch.kill('SIGINT');
  assert.is(await ended(watch), 0, watch.text());
  assert.not.match(watch.text(), /^ +at |Error:/m);
  assert.equal([...groupsOf(watch.pid!), ...foldersOf(watch.pid!)], []);
});

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  test(`${signal} in the middle of a check: status ${status}, and nothing is left`, async () => {
    write(waits);
    const check = start('03', 'check');
    const groups = await eventually(() => {
      const found = groupsOf(check.pid!);
      return processesIn(found).length > 1 ? found : false;
    }, 30);
    const processes = processesIn(groups);
    check.kill(signal);
    assert.is(await ended(check), status, check.text());
    for (const pid of processes) assert.not(findIdentity(pid), String(pid));
    assert.not.match(check.text(), /ended its process/);
    assert.equal([...groupsOf(check.pid!), ...foldersOf(check.pid!)], []);
  });

test('a checker that is killed takes its processes with it; the next one clears its traces away', async () => {
  write(waits);
  const check = start('03', 'check');
  const groups = await eventually(() => {
    const found = groupsOf(check.pid!);
    return processesIn(found).length > 1 ? found : false;
  }, 30);
  check.kill('SIGKILL');
  await ended(check);
  await eventually(() => processesIn(groups).length === 0, 10);
  write(mine.solution(id));
  assert.is(lesson('03', 'check').status, 0);
  assert.equal([...groupsOf(check.pid!), ...foldersOf(check.pid!)], []);
});

test.run();
