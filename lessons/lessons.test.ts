import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { namespacesOf } from '../src/host/namespaces.ts';
import { lessonIds } from '../src/workshop/catalog.ts';
import { temporaryFolder } from '../test/support/cleanup.ts';
import { eventually } from '../test/support/eventually.ts';
import { checkout, requires } from '../test/support/requires.ts';

const test = requires('root', 'overlayfs', 'nsenter', 'gcc', 'strace');
const state = temporaryFolder('lessons');
const command = ['--import', 'tsx', 'src/workshop/main.ts'];
const environment = {
  ...process.env,
  XDG_STATE_HOME: state,
  TMPDIR: state,
  LANG: 'C',
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
};

function lesson(args: string[], input = ''): { status: number | null; output: string } {
  const result = spawnSync(process.execPath, [...command, ...args], {
    cwd: checkout,
    env: environment,
    input,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status: result.status, output: result.stdout + result.stderr };
}

/** Processes that a lesson of ours made: they know its directory. */
function processes(): number[] {
  return fs
    .readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => {
      try {
        return fs.readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`LESSON=${state}/`);
      } catch {
        return false;
      }
    });
}

/** What a lesson could leave: its directory, mounts below it, processes. */
function leftovers(): (string | number)[] {
  const directories = fs.readdirSync(state).filter(name => name.startsWith('minidock-lesson-'));
  const mounts = fs
    .readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter(line => line.includes(state));
  return [...directories, ...mounts, ...processes()];
}

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

test('the list has every lesson, and remembers which were done', () => {
  const { status, output } = lesson([]);
  assert.is(status, 0);
  for (const id of lessonIds()) assert.match(output, new RegExp(`· ${id.slice(0, 2)} {2}`));
  assert.not.match(output, /done/);
});

for (const id of lessonIds())
  test(`${id}: runs without a terminal, in both languages, and leaves nothing`, () => {
    const hostname = os.hostname();
    for (const [language, end] of [
      ['en', 'What you have seen'],
      ['zh', '你看到了什么'],
    ] as const) {
      const { status, output } = lesson([id, '--lang', language]);
      assert.is(status, 0, output);
      assert.match(output, end);
      assert.match(output, /execve\("\/bin\/sh"/);
      assert.not.match(output, /NOT AS CLAIMED|与说法不符|undefined|\[object/);
    }
    assert.is(os.hostname(), hostname);
    assert.equal(leftovers(), []);
  });

test('the list now says so', () => {
  assert.is(lesson([]).output.match(/ done$/gm)?.length, lessonIds().length);
});

const differing: Record<string, string[]> = {
  '01-process': [],
  '03-uts-namespace': ['uts'],
  '04-pid-namespace': ['pid', 'uts'],
  '05-mount-namespace': ['mnt'],
  '06-pivot-root': ['mnt', 'pid', 'uts'],
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
  assert.match(output, /before: PID \d+ · NSpid \d+ · hostname/);
  assert.match(output, /▶ {3}sethostname\("container", 9\)/);
  assert.match(output, new RegExp(`sethostname\\("container", 9\\) = 0\\n +hostname: ${os.hostname()} → container`));
});

let terminals = 0;

/** A lesson on a terminal of its own, typed at like a learner would. */
async function onTerminal(
  args: string[],
  play: (terminal: {
    press(key: string): void;
    shows(pattern: RegExp): Promise<RegExpMatchArray>;
    screen(): string;
    /** Answers every prompt by the key that goes on, until the lesson ends. */
    playOn(): Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  const socket = path.join(state, `tmux-${++terminals}`);
  const tmux = (...words: string[]) =>
    spawnSync('tmux', ['-S', socket, ...words], { encoding: 'utf8', env: environment }).stdout;
  const screen = () => tmux('capture-pane', '-p', '-S', '-300');
  const line = [process.execPath, ...command, ...args].join(' ');
  tmux('new-session', '-d', '-x', '100', '-y', '50', '-c', checkout, `${line}; echo "status $?"; sleep 60`);
  const press = (key: string) => void tmux('send-keys', key);
  const lastLine = () => screen().trimEnd().split('\n').at(-1)!.trim();
  const playOn = async () => {
    for (;;) {
      const prompt = await eventually(
        () => /^(Press a number|Enter: do it|status \d)/.exec(lastLine())?.[1] ?? false,
        30,
      );
      if (prompt.startsWith('status')) return;
      const shown = screen();
      press(prompt.startsWith('Press') ? 'Enter' : 'c');
      await eventually(() => screen() !== shown, 10);
    }
  };
  try {
    await play({
      screen,
      press,
      playOn,
      shows: pattern => eventually(() => screen().match(pattern) ?? false, 20),
    });
  } finally {
    tmux('kill-server');
  }
}

requires('tmux')('--step on a terminal waits for Enter, and q leaves nothing', () =>
  onTerminal(['03', '--step'], async ({ press, shows, screen }) => {
    await shows(/Press a number/);
    press('Enter');
    await shows(/▶ {3}clone.*\n.*\n.*Enter: do it/);
    assert.not.match(screen(), /1 {2}clone/);
    press('Enter');
    await shows(/1 {2}clone[\s\S]*▶ {3}sethostname[\s\S]*Enter: do it\D*$/);
    assert.not.match(screen(), /sethostname\("container", 9\) = 0/);
    press('Enter');
    await shows(/sethostname\("container", 9\) = 0\s+hostname: \S+ → container/);
    press('q');
    await shows(/Stopped and cleaned up\.\s+status 0/);
    assert.equal(leftovers(), []);
  }),
);

requires('tmux')('c runs on to the end; a right prediction is told so', () =>
  onTerminal(['03', '--step'], async ({ press, shows, playOn }) => {
    press((await shows(/(\d)\. the old name[\s\S]*Press a number/))[1]!);
    await shows(/Enter: do it/);
    press('c');
    await shows(/✓ You were right/);
    await playOn();
    await shows(/What you have seen[\s\S]*status 0/);
  }),
);

requires('tmux')('a wrong prediction gets its own answer, before the right one', () =>
  onTerminal(['03'], async ({ press, shows }) => {
    press((await shows(/(\d)\. container: a machine has[\s\S]*Press a number/))[1]!);
    await shows(/✗ You expected: container: a machine[\s\S]*Linux 2\.6\.19[\s\S]*the old name, before/);
  }),
);

requires('tmux')('Ctrl-C at a prompt, in a step: status 130, nothing is left', async () => {
  await onTerminal(['03'], async ({ press, shows }) => {
    await shows(/Press a number/);
    press('C-c');
    await shows(/Stopped and cleaned up\.\s+status 130/);
  });
  await onTerminal(['06', '--step'], async ({ press, shows }) => {
    await shows(/Press a number/);
    press('Enter');
    await shows(/▶ {3}clone.*[\s\S]*Enter: do it/);
    for (const call of ['mount', 'chdir', 'mount\\("overlay']) {
      press('Enter');
      await shows(new RegExp(`▶ {3}${call}[\\s\\S]*Enter: do it\\D*$`));
    }
    assert.is.not(leftovers().length, 0);
    press('C-c');
    await shows(/Stopped and cleaned up\.\s+status 130/);
    assert.equal(leftovers(), []);
  });
});

test('a lesson that does not exist is one clear line', () => {
  const { status, output } = lesson(['99']);
  assert.is(status, 1);
  assert.match(output, /^lesson: no lesson "99"\n`npm run lesson` lists those that are written: 01 to 06\n$/);
});

requires('root', 'readable-checkout')('without root it says what is missing, and runs nothing', () => {
  const result = spawnSync('setpriv', ['--reuid', '65534', '--clear-groups', process.execPath, ...command, '03'], {
    cwd: checkout,
    // Its own temporary files: ours are root's alone.
    env: { ...environment, TMPDIR: os.tmpdir(), XDG_STATE_HOME: '/dev/null' },
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.is(result.status, 1, result.stderr);
  assert.match(result.stderr, /^lesson: This lesson cannot run here: This lesson needs root/);
  assert.not.match(result.stdout, /clone\(.*= \d/);
});

test.run();
