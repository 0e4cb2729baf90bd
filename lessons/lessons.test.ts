// @long it plays the whole course, in two languages
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import * as assert from 'uvu/assert';
import { readCgroupLayout } from '../src/host/cgroup-layout.ts';
import { namespacesOf } from '../src/host/namespaces.ts';
import { courseIds, lessonIds, loadLesson } from '../src/workshop/catalog.ts';
import { chinese } from '../src/workshop/text/found.ts';
import { eventually } from '../test/support/eventually.ts';
import { learner, lessonCommand } from '../test/support/learner.ts';
import { checkout, requires } from '../test/support/requires.ts';

const test = requires('root', 'overlayfs', 'nsenter', 'gcc', 'strace');
const { environment, lesson, processes, leftovers } = learner('lessons');
const command = lessonCommand;

/** A lesson that somebody watches: its process tree can be looked at while it runs. */
function watch(args: string[], stdin: 'pipe' | 'ignore' = 'pipe'): ChildProcess & { output: () => string } {
  const child = spawn(process.execPath, [...command, ...args], {
    cwd: checkout,
    env: environment,
    stdio: [stdin, 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', chunk => (text += chunk));
  return Object.assign(child, { output: () => text });
}

const ended = (child: ChildProcess) =>
  new Promise<number | null>(resolve => {
    if (child.exitCode !== null) resolve(child.exitCode);
    child.once('exit', resolve);
  });

/** The process of the lesson that runs, once it executes its program. */
const madeProcess = () => eventually(() => processes()[0] ?? false, 15);

test('the list prints what one types, and says what comes next', () => {
  const { status, output } = lesson([]);
  assert.is(status, 0);
  assert.equal(lessonIds(), [...courseIds], 'every lesson of the course is written');
  for (const id of courseIds) assert.match(output, new RegExp(`^ +· ${id} `, 'm'));
  assert.match(output, new RegExp(`next: npm run lesson ${lessonIds()[0]}\n`));
});

const closings = { en: 'What you have seen', zh: '你看到了什么' };
const languages = ['en', 'zh'] as const;

/** A second value of a fact that is in words, in English. */
const wordsInTables = new RegExp(` {2}(${Object.keys(chinese).join('|')}) +[=≠] (不同|相同)`);

for (const id of lessonIds())
  test(`${id}: runs without a terminal, in ${languages.join(' and ')}, and leaves nothing`, async () => {
    const { run, experiments, breakIt } = await loadLesson(id);
    const trials = experiments.length + breakIt.length;
    const hostname = os.hostname();
    for (const language of languages) {
      const end = closings[language];
      const { status, output } = lesson([id, '--lang', language]);
      assert.is(status, 0, output);
      assert.match(output, end);
      // How far one is.
      assert.equal(
        [...output.matchAll(/ ·\u00a0(\d+)\/(\d+) ─/g)].map(([, number, of]) => `${number}/${of}`),
        Array.from({ length: trials }, (_, i) => `${i + 1}/${trials}`),
      );
      if ('program' in run) assert.match(output, /execve\("\/bin\/sh"/);
      assert.not.match(output, /NOT AS CLAIMED|与所述不符|undefined|\[object/);
      if (language === 'zh') assert.not.match(output, wordsInTables, 'a table speaks English');
    }
    assert.is(os.hostname(), hostname);
    assert.equal(leftovers(), []);
  });

test('the list now says that they were seen, which is not passed', () => {
  const { output } = lesson([]);
  for (const id of lessonIds()) assert.match(output, new RegExp(`^  ○ ${id} `, 'm'));
  assert.not.match(output, /✓ \d/);
});

const differing: Record<string, string[]> = {
  '01-process': [],
  '03-uts-namespace': ['uts'],
  '04-pid-namespace': ['pid', 'uts'],
  '05-mount-namespace': ['mnt'],
  '06-pivot-root': ['mnt', 'pid', 'uts'],
  '12-supervisor': ['mnt', 'pid'],
  '13-veth-and-bridge': ['net'],
  '14-network-modes': ['net'],
  '15-published-ports': ['net', 'pid'],
};

for (const [id, kinds] of Object.entries(differing))
  test(`${id}: --shell leaves one inside, in exactly these namespaces of its own: ${kinds.join(' ') || 'none'}`, async () => {
    const runner = watch([id, '--shell']);
    try {
      const pid = await madeProcess();
      await eventually(
        () =>
          fs
            .readFileSync(`/proc/${pid}/comm`, 'utf8')
            .trim()
            .match(/^(sh|bash|busybox)$/) ?? false,
        15,
      );
      const host = namespacesOf('self');
      const inside = namespacesOf(pid);
      assert.equal(
        Object.keys(host).filter(kind => host[kind] !== inside[kind]),
        kinds,
      );
      runner.stdin!.write('echo "hostname=$(uname -n) pid=$$ root=$(ls / | wc -l)"\n');
      const said = await eventually(() => runner.output().match(/hostname=(\S+) pid=(\d+)/) ?? false, 10);
      assert.is(said[1], kinds.includes('uts') ? 'container' : os.hostname());
      assert.is(said[2], kinds.includes('pid') ? '1' : String(pid));
      runner.stdin!.end('exit 0\n');
      assert.is(await ended(runner), 0, runner.output());
      assert.not(fs.existsSync(`/proc/${pid}`));
      assert.equal(leftovers(), []);
    } finally {
      runner.kill('SIGTERM');
    }
  });

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  test(`${signal} in the middle: status ${code}, nothing is left`, async () => {
    const runner = watch(['06', '--shell']);
    const pid = await madeProcess();
    assert.is.not(leftovers().length, 0);
    runner.kill(signal);
    assert.is(await ended(runner), code, runner.output());
    await eventually(() => !fs.existsSync(`/proc/${pid}`));
    assert.equal(leftovers(), []);
  });

/** The groups of the lessons of one process, in every hierarchy. */
const groupsOf = (pid: number): string[] =>
  readCgroupLayout().hierarchies.flatMap(({ mountpoint }) =>
    fs.readdirSync(mountpoint).filter(name => name.startsWith(`minidock-lesson-${pid}-`)),
  );

for (const end of ['exit', 'SIGINT'] as const)
  test(`09-cgroups: ${end} in its shell leaves no group`, async () => {
    const runner = watch(['09', '--shell']);
    try {
      const pid = await madeProcess();
      assert.is.not(groupsOf(runner.pid!).length, 0);
      // What the shell has started goes too.
      runner.stdin!.write('sleep 1000 &\n');
      if (end === 'exit') runner.stdin!.end('exit 0\n');
      else runner.kill(end);
      assert.is(await ended(runner), end === 'exit' ? 0 : 130, runner.output());
      await eventually(() => !fs.existsSync(`/proc/${pid}`));
      assert.equal(groupsOf(runner.pid!), []);
    } finally {
      runner.kill('SIGTERM');
    }
  });

test('a killed runner leaves its directory to the next one', async () => {
  const runner = watch(['06', '--shell']);
  const pid = await madeProcess();
  runner.kill('SIGKILL');
  await ended(runner);
  await eventually(() => !fs.existsSync(`/proc/${pid}`), 10);
  assert.is(lesson(['03']).status, 0);
  assert.equal(leftovers(), []);
});

test('--step shows the state before and after without waiting where nobody can answer', () => {
  const { status, output } = lesson(['03', '--step']);
  assert.is(status, 0, output);
  assert.match(output, /─ processes ─[\s\S]*this lesson[\s\S]*shim, the parent[\s\S]*▶ {3}clone/);
  assert.match(output, /▶ {3}sethostname\("container", 9\)/);
  assert.match(output, new RegExp(`sethostname\\("container", 9\\) = 0\\n +hostname: ${os.hostname()} → container`));
});

test('--step: clone is a second process, pivot_root another root below the old one, and umount2 takes that away', () => {
  const { status, output } = lesson(['06', '--step']);
  assert.is(status, 0, output);
  const after = (call: string) => {
    const from = output.search(new RegExp(`^ +\\d+ {2}${call}`, 'm'));
    const rest = output.slice(from);
    return rest.slice(0, rest.indexOf('▶'));
  };
  const born = after('clone\\(');
  assert.match(born, /= (\d+)\n +a new process: \1, 1 inside, a copy of \d+\n +namespaces of its own: mnt, pid, uts\n/);
  assert.match(born, /this lesson[\s\S]*└ \d+ +shim, the parent[\s\S]* └ \d+ = 1 +shim ◀/);
  assert.match(born, /━ own pid ━[\s\S]*━ own mnt ━/);
  assert.match(born, /╌ shared with the host ╌[^╎]*╎ cgroup ipc net/);
  assert.match(
    after('mount\\("overlay"'),
    /mounted: overlay on \$LESSON\/rootfs\n[\s\S]*┃ \$LESSON\/rootfs {2}overlay ◀/,
  );
  const pivoted = after('pivot_root');
  assert.match(pivoted, /another root: \S+ → overlay\n[\s\S]*root +overlay ◀/);
  assert.match(pivoted, /\/ {2}\S+: the host’s, on top +┃\n.*\/ {2}overlay ◀/);
  assert.match(
    after('umount2'),
    /unmounted: \d+ mounts\n[\s\S]*1 of its own, \d+ of the host’s gone; propagation private ◀/,
  );
});

test('04-pid-namespace: ps need not find itself in a /proc whose numbers have gaps, as in WSL', () => {
  const gaps = 'echo 5000 > /proc/sys/kernel/ns_last_pid; "$@"; exit $?';
  const host = ['--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', gaps, 'sh'];
  const { status, stdout, stderr } = spawnSync('unshare', [...host, process.execPath, ...command, '04'], {
    env: environment,
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.is(status, 0, `${stdout}${stderr}`);
  assert.match(stdout, /ps lists the host's 5\d{3}: yes[\s\S]*ps lists the host's 5\d{3}: no/);
});

test('a lesson that does not exist is one clear line', () => {
  const { status, output } = lesson(['99']);
  assert.is(status, 1);
  assert.match(output, /^lesson: no lesson "99"\n`npm run lesson` lists them\n$/);
});

test.run();
