// @mounts-nothing what it runs is what other files do
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { demoNginx } from '../scripts/images/stand-in.ts';
import { boundSockets } from '../src/host/sockets.ts';
import { serve } from '../src/registry/server/serve.ts';
import { lessonIds } from '../src/workshop/catalog.ts';
import { codeBlocks, markdownShape } from '../src/workshop/text/markdown.ts';
import { testFiles } from './runner/files.ts';
import { select } from './runner/words.ts';
import { endProcesses, onExit, temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { type Sandbox, sandbox } from './support/minidock.ts';
import { freePort } from './support/registry.ts';
import { checkout, requires } from './support/requires.ts';
import { onTerminal } from './support/terminal.ts';

/**
 * The README's commands, each executed as it stands there; of those that would run this test again, that there is what
 * they name.
 */
const test = requires('root', 'overlayfs', 'iptables', 'script');
const read = (name: string) => readFileSync(join(checkout, name), 'utf8');

const commandsOf = (file: string) =>
  codeBlocks(read(file))
    .filter(({ info }) => info === 'sh')
    .flatMap(({ content }) => content.trim().split('\n'))
    .map(line => line.replace(/ +#.*$/, ''));

const commands = commandsOf('README.md');
const accounted = new Set<string>();

/** The README's commands that begin so, in order. */
function those(start: string): string[] {
  const found = commands.filter(command => command.startsWith(start));
  for (const command of found) accounted.add(command);
  assert.ok(found.length > 0, `README.md has no ${start}`);
  return found;
}

test('bin/minidock: run a web server, look at it, go in, remove it; its program, shown and traced', async () => {
  const server = await serve({ layout: (await demoNginx()).layout, repository: 'library/nginx' });
  try {
    await useServer(sandbox({ 'registry-mirrors': [server.url] }));
  } finally {
    await server.close();
  }
});

requires(
  'root',
  'overlayfs',
  'busybox',
)('npm run images: what the README names is made here; an image that is there stays; each runs', async () => {
  const box = sandbox();
  const [line] = those('npm run images');
  const type = () => execa('bash', ['-c', line!], { cwd: checkout, env: box.env, stdin: 'ignore', timeout: 60_000 });
  assert.match(
    (await type()).stdout,
    /^busybox:latest: a stand-in, made of .+\nnginx:alpine: a stand-in, made of .+$/m,
  );
  const ids = await box.ok(['images', '--no-trunc', '-q']);
  assert.match((await type()).stdout, /^busybox:latest is here already\nnginx:alpine is here already$/m);
  assert.is(await box.ok(['images', '--no-trunc', '-q']), ids);
  const run = ['run', '--rm', '--network', 'none'];
  assert.is(await box.ok([...run, 'busybox', 'echo', 'runs']), 'runs');
  assert.is(await box.ok([...run, 'nginx:alpine', 'sh', '-c', 'echo runs']), 'runs');
});

/** Types what the README says about bin/minidock, in its order, at an engine that finds nginx:alpine in its mirror. */
async function useServer(engine: Sandbox): Promise<void> {
  const taken = boundSockets('tcp').some(socket => socket.listening && socket.port === 8080);
  const port = taken ? await freePort() : 8080;
  const folder = temporaryFolder('typed');
  const expected: [RegExp, RegExp][] = [
    [/ run -d --name web -p \d+:80 /, /^[0-9a-f]{64}$/m],
    [/ ps$/, new RegExp(`nginx:alpine .* Up .*:${port}->80/tcp .*web`)],
    [/ logs web$/, /GET \/ HTTP\/1\.1/],
    [/ exec -it web sh$/, /inside: 1\s/],
    [/ xray web$/, /^Namespaces$/m],
    [/ capture web --duration 10s -w web\.pcapng$/, /web\.pcapng/],
    [/ rm -f web$/, /^web$/m],
    [/ network create shop$/, /^[0-9a-f]{64}$/m],
    [/ run -d --name db --network shop /, /^[0-9a-f]{64}$/m],
    [/ --network shop nginx:alpine getent hosts db$/, /^[\d.]+ +db$/m],
    [/ rm -f db && .* network rm shop$/, /^db\nshop$/m],
    [/ --dry-run /, /pivot_root\("\.", "\."\) {2}\[06-pivot-root\]/],
    [/ --dry-run --versus /, /^- +\d+ clone\([^)]*CLONE_NEWNET[\s\S]*^\+ +\d+ clone\(/m],
    [/ --trace /, /pivot_root\("\.", "\."\) = 0 {2}\[06-pivot-root\]/],
    [/ --mine -d$/, /^\d+ of the \d+ pieces that the course teaches are yours/m],
  ];
  const typed = those('bin/minidock');
  assert.is(typed.length, expected.length);
  for (const [i, line] of typed.entries()) {
    const [command, output] = expected[i]!;
    assert.match(line, command);
    const literal = line
      .replace('8080', String(port))
      .replace('--mine -d', `--mine -d -p ${port}:80`)
      .replace('10s -w ', `1s -w ${folder}/`);
    let all = '';
    if (line.includes(' -it ')) {
      const session = await onTerminal(
        literal,
        [[/[#$] $/, 'echo "inside: $(cd /proc; echo [1])"; exit\r']],
        engine.env,
      );
      assert.is(session.exitCode, 0, session.shown);
      all = session.shown.replace('[1]', '1 ');
    } else {
      const result = await execa('bash', ['-c', literal], {
        cwd: checkout,
        env: engine.env,
        all: true,
        reject: false,
        stdin: 'ignore',
        timeout: 30_000,
      });
      assert.is(result.exitCode, 0, result.all);
      all = result.all;
    }
    assert.match(all, output, line);
    if (/ run .*-d\b/.test(line) && !line.includes('--network'))
      assert.match(await pageOf(`http://127.0.0.1:${port}/`), 'Welcome to nginx!');
  }
}

test('a classroom: one loads images and serves them, the others pull by its name or as from Docker Hub', async () => {
  const hub = await serve({ layout: (await demoNginx()).layout, repository: 'library/nginx' });
  const folder = temporaryFolder('classroom');
  const maker = sandbox({ 'registry-mirrors': [hub.url] });
  try {
    await maker.ok(['pull', 'nginx:alpine']);
    await maker.ok(['save', '-o', join(folder, 'images.tar'), 'nginx:alpine']);
  } finally {
    await hub.close();
  }
  const typed = those('minidock ');
  assert.is(typed.length, 4);
  const [load, serving, pull, run] = typed as [string, string, string, string];
  const at = (engine: Sandbox) => ({ ...engine.env, PATH: `${join(checkout, 'bin')}:${process.env.PATH}` });
  const type = (line: string, engine: Sandbox) =>
    execa('bash', ['-c', line], { cwd: folder, env: at(engine), stdin: 'ignore', timeout: 60_000 });

  const teacher = sandbox();
  assert.match((await type(load, teacher)).stdout, /^Loaded image: nginx:alpine$/m);
  assert.match(serving, / registry serve --lan$/);
  const address = await serveUntilTheEnd(`exec ${serving} --port 0`, at(teacher), join(folder, 'serve.log'));

  const here = (line: string) => line.replaceAll('10.0.0.5:5000', address);
  assert.match((await type(here(pull), sandbox())).stdout, 'Status: Downloaded newer image for ');
  const port = await freePort();
  await type(here(run).replace('8080', String(port)), sandbox());
  assert.match(await pageOf(`http://127.0.0.1:${port}/`), 'Welcome to nginx!');
});

/** Starts a registry that this process ends with; resolves with the address that it names for other machines. */
async function serveUntilTheEnd(line: string, env: Record<string, string>, log: string): Promise<string> {
  const output = openSync(log, 'a');
  const child = spawn('bash', ['-c', line], {
    env: { ...process.env, ...env },
    stdio: ['ignore', output, output],
  });
  child.unref();
  closeSync(output);
  onExit(() => endProcesses([child.pid ?? 0]));
  return eventually(() => {
    const said = readFileSync(log, 'utf8');
    return /Ctrl-C/.test(said) && (/in the network +(\S+)/.exec(said) ?? /localhost:\d+/.exec(said))!.at(-1)!;
  }, 10);
}

/** The server needs a moment after its execve. */
async function pageOf(url: string): Promise<string> {
  for (let tries = 0; ; tries++)
    try {
      return await (await fetch(url)).text();
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise(resolve => setTimeout(resolve, 20));
    }
}

test('npm run lesson: the list, a lesson, in steps, in Chinese', async () => {
  const state = temporaryFolder('readme-lessons');
  const expected = [/01-process[\s\S]*06-pivot-root/, /What you have seen/, /▶ {3}clone\(/, /你看到了什么/];
  const typed = those('npm run lesson').filter(line => !line.includes(' -- '));
  assert.is(typed.length, expected.length);
  for (const [i, line] of typed.entries()) {
    const { exitCode, all } = await execa('bash', ['-c', line], {
      cwd: checkout,
      env: { XDG_STATE_HOME: state, LC_ALL: 'C', NO_COLOR: '1' },
      all: true,
      reject: false,
      stdin: 'ignore',
      timeout: 60_000,
    });
    assert.is(exitCode, 0, all);
    assert.match(all, expected[i]!, line);
  }
});

test('npm run lab: the list, a lab planted and checked, a hint, its end, results', async () => {
  const engine = sandbox();
  const state = temporaryFolder('readme-labs');
  const expected: [RegExp, number, RegExp][] = [
    [/ lab$/, 0, /06-bridge-by-hand/],
    [/ 06$/, 0, /Task 1: the switch/],
    [/ check$/, 1, /0 of 100 points/],
    [/ hint$/, 0, /Task 1: hint 1 of/],
    [/ clean$/, 0, /is cleaned up/],
    [/ report$/, 0, / 06 +total[\s\S]*\b0 +0\s[\s\S]*points of 100 a lab/],
  ];
  const typed = those('npm run lab');
  assert.is(typed.length, expected.length);
  const env = { ...engine.env, XDG_STATE_HOME: state, LC_ALL: 'C', NO_COLOR: '1' };
  // A bridge that a learner makes is the host's: another test makes the one of whoever has no name.
  await execa('bash', ['-c', 'npm run -s lab -- name Reader'], { cwd: checkout, env, stdin: 'ignore' });
  for (const [i, line] of typed.entries()) {
    const [command, code, output] = expected[i]!;
    assert.match(line, command);
    const { exitCode, all } = await execa('bash', ['-c', line], {
      cwd: checkout,
      env,
      all: true,
      reject: false,
      stdin: 'ignore',
      timeout: 120_000,
    });
    assert.is(exitCode, code, all);
    assert.match(all, output, line);
  }
});

test('an exercise: checked, watched, with a hint, its solution, begun again', async () => {
  const state = temporaryFolder('readme-exercise');
  const expected: [RegExp, number | undefined, RegExp][] = [
    [/ check$/, 1, /✗/],
    [/ watch$/, undefined, /exercise\.ts/],
    [/ hint$/, 0, /Hint 1 of \d/],
    [/ solution$/, 0, /pidNamespace|cloneProcess/],
    [/ reset$/, 0, /exercise\.ts/],
  ];
  const typed = those('npm run lesson').filter(line => line.includes(' -- '));
  assert.is(typed.length, expected.length);
  for (const [i, line] of typed.entries()) {
    const [command, status, output] = expected[i]!;
    assert.match(line, command);
    const child = execa('bash', ['-c', line], {
      cwd: checkout,
      env: { XDG_STATE_HOME: state, LC_ALL: 'C', NO_COLOR: '1' },
      all: true,
      reject: false,
      stdin: 'ignore',
      timeout: 60_000,
      detached: true,
    });
    let said = '';
    child.all.on('data', chunk => (said += chunk));
    // Whoever watches goes on until Ctrl-C, which the whole group gets.
    if (line.endsWith(' watch')) {
      await eventually(() => /✗[\s\S]*exercise\.ts/.test(said), 60);
      process.kill(-child.pid!, 'SIGINT');
    }
    const { exitCode, all } = await child;
    if (status !== undefined) assert.is(exitCode, status, all);
    assert.match(all, output, line);
  }
});

test('the demo and the tests are what the gate runs', () => {
  const gate = read('.ci/run');
  const { scripts } = JSON.parse(read('package.json'));
  for (const command of [...those('npm run demo'), 'npm test']) assert.match(gate, command);
  for (const command of ['npm run ok', 'npm run bench', 'npm run test:'].flatMap(those))
    assert.ok(scripts[command.replace('npm run ', '')], command);
  // What they make and serve is judged by test/browser-handbook.test.ts.
  assert.equal(those('npm run handbook'), ['npm run handbook', 'npm run handbook -- --live']);
  assert.ok(scripts.handbook);
  for (const part of ['lint', 'types', 'architecture']) {
    assert.match(scripts.ok, part);
    assert.match(gate, part);
  }
  for (const command of those('npm test')) {
    const words = command.split(' ').slice(3);
    assert.equal(select(testFiles(checkout), words).problems, [], command);
  }
  assert.equal(those('bash .ci/run'), ['bash .ci/run']);
});

test('no command of the README is left', () => {
  assert.equal(
    commands.filter(command => !accounted.has(command)),
    [],
  );
});

/** Who types the commands of which pages; else why nobody does. */
const typists: readonly [pages: RegExp, infos: readonly string[], by: string][] = [
  [/^README(\.zh-CN)?\.md$/, ['sh'], 'test/project-readme.test.ts'],
  [/^CONTRIBUTING\.md$/, ['sh'], 'test/project-readme.test.ts'],
  [/^docs\/flag-to-kernel\.md$/, ['sh run'], 'test/flag-to-kernel.test.ts'],
  [/^docs\/xray\.md$/, ['sh'], 'test/xray.test.ts'],
  [/^docs\/capture\.md$/, ['sh'], 'test/capture.test.ts'],
  [/^lessons\/\d\d-[^/]+\/README(\.zh-CN)?\.md$/, ['sh run', 'sh'], 'lessons/commands.test.ts'],
  [/^labs\/\d\d-[^/]+\/(README|TEACHER)(\.zh-CN)?\.md$/, ['sh', 'sh mistake', 'sh cgroup1'], 'labs/labs.test.ts'],
  // Where the host's firewall drops what bridges carry.
  [/^labs\/06-[^/]+\/TEACHER(\.zh-CN)?\.md$/, ['sh mistake dropped'], 'labs/labs.test.ts'],
  [/^labs\/08-[^/]+\/(README|TEACHER)(\.zh-CN)?\.md$/, ['sh cgroup2'], 'test/vm-cgroup2.test.ts'],
  // Debian's packages for Django and MariaDB: `npm run test:blog`.
  [/^labs\/04-[^/]+\/README(\.zh-CN)?\.md$/, ['sh blog'], 'test/blog/main.ts'],
  [/^labs\/README(\.zh-CN)?\.md$/, ['sh'], 'labs/commands.test.ts'],
  [/^labs\/vm\/README(\.zh-CN)?\.md$/, ['sh'], 'scripts/vm.test.ts'],
  // A form: whoever reports fills it in.
  [/^\.github\/ISSUE_TEMPLATE\/bug_report\.md$/, ['sh'], '.github/ISSUE_TEMPLATE/bug_report.md'],
];

test('every block of commands in every page is typed by a test', () => {
  const pages = readdirSync(checkout, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md') && /^(docs|labs|lessons|\.github)\/|^[^/]+$/.test(name))
    .filter(name => !name.includes('node_modules'));
  const used = new Set<string>();
  const left = pages.flatMap(page =>
    codeBlocks(read(page))
      .filter(({ info }) => /^(sh|bash|shell|console)\b/.test(info))
      .filter(({ info }) => {
        const found = typists.find(([named, infos]) => named.test(page) && infos.includes(info));
        if (found) used.add(found[2]);
        return found === undefined;
      })
      .map(({ info, content }) => `${page}, ${info}: ${content.split('\n')[0]}`),
  );
  assert.equal(left, []);
  for (const [, , by] of typists) assert.ok(used.has(by) && existsSync(join(checkout, by)), by);
});

test('CONTRIBUTING.md names commands that are there', () => {
  const { scripts } = JSON.parse(read('package.json'));
  for (const command of commandsOf('CONTRIBUTING.md')) {
    const [, name, words = ''] = /^npm (?:run )?(\S+)(?: -- (.*))?$/.exec(command) ?? [];
    if (name === undefined) assert.is(command, 'bash .ci/run');
    else assert.ok(scripts[name], command);
    if (name === 'test')
      assert.equal(select(testFiles(checkout), words.split(' ').filter(Boolean)).problems, [], command);
  }
});

test('README.zh-CN.md has the same structure, commands and pictures, and Chinese typesetting', () => {
  const [english, chinese] = [read('README.md'), read('README.zh-CN.md')];
  assert.equal(markdownShape(chinese), markdownShape(english));
  assert.equal(commandsOf('README.zh-CN.md'), commands);
  const pictures = (text: string) => codeBlocks(text).filter(({ info }) => info === '');
  assert.equal(pictures(chinese), pictures(english));
  const prose = chinese.replace(/```[\s\S]*?```/g, '').replace(/`[^`\n]*`/g, '');
  assert.not.match(prose, /[\u4e00-\u9fff][,;:?!]|[,;?!][\u4e00-\u9fff]/);
});

for (const file of ['README.md', 'README.zh-CN.md'])
  test(`${file}: its links lead somewhere, and to every lesson`, () => {
    const links = [...read(file).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link]) => link!);
    for (const link of links) read(link);
    for (const id of lessonIds())
      assert.ok(
        links.some(link => link.startsWith(`lessons/${id}/`)),
        id,
      );
  });

test.run();
