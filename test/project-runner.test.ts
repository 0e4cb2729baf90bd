// @mounts-nothing its test files do it in their own runs
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { tiers } from './runner/files.ts';
import { onExit, processesWith, temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { checkout, requires } from './support/requires.ts';

/** The runner itself, on test files that stand elsewhere. Each is a run of its own, which answers for its own leaks. */
const test = requires('root', 'unshare', 'busybox', 'overlayfs');

const support = (name: string) => JSON.stringify(join(checkout, `test/support/${name}.ts`));
const head = `import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import * as assert from ${JSON.stringify(join(checkout, 'node_modules/uvu/assert/index.mjs'))};
import { requires } from ${support('requires')};
import { temporaryFolder, testRun } from ${support('cleanup')};
import { busyboxEngine } from ${support('busybox')};
import { dockerd } from ${support('dockerd')};
import { eventually } from ${support('eventually')};
const told = process.env.TOLD!;
const tell = (name: string, text: string) => writeFileSync(join(told, name), text);
`;

interface Run {
  /** The folder where test files tell things. */
  folder: string;
  told(name: string): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<{ code: number | null; output: string }>;
}

const children: ChildProcess[] = [];
test.after(() => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGTERM');
});

/** Starts the runner with these arguments on these test files. */
function start(sources: Record<string, string>, args: string[] = [], env: NodeJS.ProcessEnv = {}): Run {
  const folder = temporaryFolder('runner');
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const files = Object.entries(sources).map(([name, source]) => {
    const path = join(folder, `${name}.test.ts`);
    writeFileSync(path, head + source);
    return path;
  });
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/run.ts', ...args, ...files], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env, TOLD: folder, MINIDOCK_TEST_RUN: undefined, MINIDOCK_TEST_SERVICES: undefined },
  });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => {
      output += chunk;
    });
  const ended = new Promise<{ code: number | null; output: string }>(resolve =>
    child.once('close', code => resolve({ code, output })),
  );
  const told = (name: string) => eventually(() => readFileSync(join(folder, name), 'utf8') || false, 60);
  return { folder, told, kill: signal => void child.kill(signal), ended };
}

/** A test file that holds an engine with a container and never ends. */
const endless = `const test = requires('root');
test('endless', async () => {
  const box = await busyboxEngine();
  await box.start('sleep 1000', '--network', 'bridge');
  tell('id', testRun);
  await new Promise(() => setInterval(() => {}, 1000));
});
test.run();`;

const foldersOf = (id: string) => readdirSync(tmpdir()).filter(name => name.includes(`minidock-test-${id}-`));

test('Ctrl-C ends the test files, and the runner once they have cleaned up', async () => {
  const run = start({ endless });
  const id = await run.told('id');
  assert.ok(foldersOf(id).length > 0);
  run.kill('SIGINT');
  const { code, output } = await run.ended;
  assert.is(code, 130, output);
  nothingOf(id);
  assert.not.match(output, new RegExp(`left behind: .*${id}`));
  assert.match(output, new RegExp(`\\nstopped by SIGINT; run ${id.slice(0, 4)}, .*\\n\\d passed, \\d failed\\n$`));
});

function nothingOf(id: string): void {
  assert.equal([foldersOf(id), processesWith(`MINIDOCK_TEST_RUN=${id}`)], [[], []]);
  assert.not.ok(readdirSync('/sys/class/net').some(name => name.startsWith(`mdt${id}`)));
}

test('a runner that is killed takes its test files along', async () => {
  const run = start({ endless });
  const id = await run.told('id');
  run.kill('SIGKILL');
  await run.ended;
  await eventually(() => nothingOf(id), 20);
});

test('what a test file leaves is reported with its name, and not what another run has', async () => {
  const other = start({ endless });
  const id = await other.told('id');
  const { code, output } = await start({
    leaves: `const test = requires('root');
test('leaves a folder', () => spawnSync('mkdir', ['/tmp/minidock-test-' + testRun + '-left']));
test.run();`,
  }).ended;
  const [, left] = /left behind: files: (\S+) \(.*\/leaves\.test\.ts\)$/m.exec(output) ?? [];
  assert.ok(left, output);
  onExit(() => rmSync(left, { recursive: true, force: true }));
  assert.is(code, 1);
  assert.not.match(output, id);
  assert.match(output, /\n1 passed, 1 failed\n$/);
  other.kill('SIGTERM');
  assert.is((await other.ended).code, 143);
  nothingOf(id);
});

test('--gate: what is skipped for want of a program fails, what is of another machine is skipped', async () => {
  const other = process.arch === 'x64' ? 'arm64' : 'x64';
  const needy = `process.env.PATH = '/nonexistent';
requires('hyperfine')('measures', () => {});
requires('hyperfine', '${other}')('measures there', () => {});
requires('${other}')('runs there', () => {});
requires('root').run();`;
  const user = await start({ needy }).ended;
  assert.match(user.output, /needy\.test\.ts {2}0 passed, 3 skipped/);
  const gate = await start({ needy }, ['--gate']).ended;
  assert.match(gate.output, /needy\.test\.ts {2}0 passed, 2 failed, 1 skipped/);
  assert.match(gate.output, 'the gate does not skip: hyperfine is not installed');
  assert.is(gate.code, 1);
});

test('--gate: a file that fails beside others runs once more alone; what passes then is named as unsteady', async () => {
  const files = {
    wobbles: `const test = requires('root');
test('passes the second time', () => {
  const seen = existsSync(join(told, 'seen'));
  tell('seen', '');
  assert.ok(seen, 'the first time');
});
test.run();`,
    fails: `const test = requires('root'); test('fails', () => assert.unreachable()); test.run();`,
  };
  const gate = await start(files, ['--gate']).ended;
  assert.match(gate.output, /\? .*wobbles\.test\.ts {2}1 failed; it will run again, alone\n[\s\S]*the first time/);
  assert.match(gate.output, /\nunsteady, passed alone:\n.*wobbles\.test\.ts\n\nfailed:\n.*fails\.test\.ts\n/);
  assert.match(gate.output, /\n2 passed, 1 failed\n$/);
  const user = await start({ wobbles: files.wobbles }).ended;
  assert.match(user.output, /✘ .*wobbles\.test\.ts[\s\S]*\n1 passed, 1 failed\n$/);
});

test('a file that crashes, ends early, says nothing or does not come to its end has failed', async () => {
  const passes = `const test = requires('root'); test('passes', () => {});`;
  const run = start({
    crashes: `${passes} test('crashes', () => process.kill(process.pid, 'SIGKILL')); test.run();`,
    leaves: `${passes} test('leaves early', () => process.exit(0)); test.run();`,
    forgets: `${passes}`,
    empty: '',
    waits: `${passes} test('waits for nothing', () => new Promise(() => {})); test.run();`,
    breaks: `${passes} test.after(() => setTimeout(() => process.exit(3), 50)); test.run();`,
    good: `${passes} test.run();`,
  });
  const { code, output } = await run.ended;
  assert.is(code, 1);
  for (const name of ['crashes', 'leaves', 'forgets', 'empty', 'waits'])
    assert.match(output, new RegExp(`✘ .*/${name}\\.test\\.ts {2}0 passed, 1 failed`));
  assert.match(output, /✘ .*\/breaks\.test\.ts {2}1 passed, 1 failed/);
  assert.match(output, /• .*\/good\.test\.ts {2}1 passed/);
});

test('unit tests that leave something open in their process are a failure', () => {
  const folder = temporaryFolder('open');
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(folder, 'open.ts'),
    `import { test } from ${JSON.stringify(join(checkout, 'node_modules/uvu/dist/index.mjs'))};
test('a', () => void setInterval(() => {}, 1000));
test.run();`,
  );
  const host = ['--import', join(checkout, 'node_modules/tsx/dist/esm/index.mjs')];
  host.push(join(checkout, 'test/runner/unit-host.ts'));
  const { status, stdout } = spawnSync(process.execPath, [...host, 'open.ts'], { cwd: folder, encoding: 'utf8' });
  assert.is(status, 1);
  assert.match(stdout, /^still open: .*Timeout$/m);
});

test('--shared-mounts: a test file finds its mounts shared, this host does not see them, and one that is left is reported', async () => {
  const { output } = await start(
    {
      mounts: `const test = requires('root', 'overlayfs');
test('mounts', () => {
  const folder = temporaryFolder('mounted');
  const { stdout } = spawnSync('sh', ['-c', 'mount -t tmpfs minidock-left /mnt; grep /mnt /proc/self/mountinfo; pwd'], { encoding: 'utf8' });
  tell('mounts', stdout);
});
test.run();`,
    },
    ['--shared-mounts'],
  ).ended;
  assert.match(output, /mounts\.test\.ts, where \/ is shared {2}1 passed/);
  assert.match(output, /left behind: mounts: .* \/mnt .*shared:.*minidock-left/);
  assert.not.match(readFileSync('/proc/self/mountinfo', 'utf8'), 'minidock-left');
});

requires('gcc', 'x64')(
  '--linux-3.10: a file that asks for it finds that kernel’s syscalls and no later ones',
  async () => {
    const run = start(
      {
        old: `// @linux-3.10 to see it
const test = requires('root');
test('old', async () => {
  const box = await busyboxEngine();
  const { stdout } = spawnSync('perl', ['-e', 'my $name = "x"; syscall(319, $name, 0); print $!+0, " ", syscall(39) > 0, "\\n"'], { encoding: 'utf8' });
  tell('old', stdout + spawnSync('uname', ['-r'], { encoding: 'utf8' }).stdout);
  tell('program', await box.ok(['run', '--dry-run=full', '--network', 'none', '-v', '/tmp:/x', 'bb']));
  tell('inside', await box.ok(['run', '--rm', '--network', 'none', '-v', '/tmp:/x', 'bb', 'echo', 'runs']));
});
test.run();`,
      },
      ['--linux-3.10'],
    );
    const { output } = await run.ended;
    assert.match(output, /old\.test\.ts, on Linux 3\.10 {2}1 passed/, output);
    assert.match(await run.told('old'), /^38 1\n3\.10\./);
    assert.not.match(await run.told('program'), /open_tree|close_range|seccomp\(/);
    assert.match(await run.told('program'), /pivot_root/);
    assert.is(await run.told('inside'), 'runs');
  },
);

test('engines get a prepared image by hard links, each with a state of its own; writing into one is found', async () => {
  const engine = `const test = requires('root');
test('engine', async () => {
  const box = await busyboxEngine();
  await box.ok(['tag', 'bb', 'other']);
  const name = process.argv[1]!.split('/').at(-1)!.replace('.test.ts', '');
  const busybox = (await box.ok(['run', '--rm', '--network', 'none', 'bb', 'stat', '-c', '%i', '/bin/busybox'])).trim();
  const { stdout } = spawnSync('sh', ['-c', 'find ' + box.root + ' -type f -links 1 | sed s,.*root/,, | sort'], { encoding: 'utf8' });
  const images = await box.ok(['images', '-q']);
  if (name === 'two') spawnSync('sh', ['-c', 'echo x | tee -a ' + box.root + '/layers/*/diff/etc/passwd']);
  tell(name, JSON.stringify([busybox, stdout, images.split('\\n').length]));
});
test.run();`;
  const run = start({ one: engine, two: engine }, ['--lanes=1']);
  const { output } = await run.ended;
  const [one, two] = ['one', 'two'].map(name => JSON.parse(readFileSync(join(run.folder, name), 'utf8')));
  assert.is(one[0], two[0], 'the same file');
  assert.match(two[1], /^images\/index\.json$/m);
  assert.not.match(two[1], /diff|blobs/);
  assert.equal([one[2], two[2]], [2, 2]);
  assert.match(output, /✘ what engines share is as it was/);
  assert.match(output, /changed: layers\/\w+\/diff\/etc\/passwd /);
});

requires('dockerd', 'docker')(
  'a Docker daemon is lent to one file at a time, empty, then to the next, and ends with the run',
  async () => {
    const asks = `const test = requires('root');
test('asks', async () => {
  const { host, docker } = await dockerd();
  const there = docker(['images', '-aq']) + docker(['volume', 'ls', '-q']);
  docker(['volume', 'create']);
  docker(['import', '-'], Buffer.alloc(1024));
  tell(process.argv[1]!.split('/').at(-1)!.replace('.test.ts', ''), JSON.stringify([host, there]));
  if (process.env.TOGETHER) await eventually(() => ['one', 'two', 'three'].every(name => existsSync(join(told, name))), 60);
});
test.run();`;
    const lent = async (lanes: number, env: NodeJS.ProcessEnv): Promise<[host: string, there: string][]> => {
      const run = start({ one: asks, two: asks, three: asks }, [`--lanes=${lanes}`], env);
      const { output } = await run.ended;
      assert.match(output, /one\.test\.ts {2}1 passed/);
      return ['one', 'two', 'three'].map(name => JSON.parse(readFileSync(join(run.folder, name), 'utf8')));
    };
    const inTurn = await lent(1, {});
    const atOnce = await lent(3, { TOGETHER: '1' });
    assert.equal(
      inTurn,
      inTurn.map(() => [inTurn[0]![0], '']),
    );
    assert.is(new Set(atOnce.map(([host]) => host)).size, 3);
    for (const [host] of [...inTurn, ...atOnce]) assert.not.ok(existsSync(host.replace('unix://', '')));
  },
);

test('help names every tier, and an unknown option is one line', async () => {
  const [help, wrong] = await Promise.all(['--help', '--gaet'].map(option => start({}, [option]).ended));
  assert.equal([help!.code, wrong!.code], [0, 1]);
  for (const tier of tiers) assert.match(help!.output, new RegExp(`\\b${tier}\\b`));
  assert.match(wrong!.output, "✘ Unknown option '--gaet'; npm test -- --help lists them\n\nno test ran\n");
});

test.run();
