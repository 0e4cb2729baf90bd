// @mounts-nothing its subject is whose pieces a container is made of
import fs from 'node:fs';
import path from 'node:path';
import { execa, type Options } from 'execa';
import * as assert from 'uvu/assert';
import { demoNginx } from '../scripts/images/stand-in.ts';
import { pieces } from '../src/engine/compile/pieces.ts';
import { systemProgram } from '../src/host/programs.ts';
import { serve } from '../src/registry/server/serve.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { eventually } from './support/eventually.ts';
import { lessonCommand } from './support/learner.ts';
import { type LearnersCheckout, learnersCheckout } from './support/learners-checkout.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';

/** `minidock run --mine`: containers made of what a learner wrote, in a checkout of the learner's own. */
const test = requires('root', 'overlayfs', 'busybox', 'iptables', 'curl');

let box: BusyboxEngine;
let mine: LearnersCheckout;

test.before(async () => {
  box = await busyboxEngine();
  mine = learnersCheckout();
});
test.after.each(() => box.removeAll());

const run = (args: string[], options: Options = {}) =>
  execa(path.join(mine.folder, 'bin/minidock'), ['run', '--mine', ...args], {
    reject: false,
    stdin: 'ignore',
    timeout: 120_000,
    ...options,
    env: { ...box.env, XDG_STATE_HOME: mine.state, NODE_EXTRA_CA_CERTS: undefined },
  });

const passAll = () => {
  for (const id of mine.lessons) mine.pass(id, mine.solution(id));
};

/** The pieces that lessons have exercises for, by the name of their lesson. */
const taught = () =>
  mine.lessons.flatMap(id =>
    [...mine.solution(id).matchAll(/^export (?:const|function) (\w+)/gm)]
      .map(([, name]) => ({ id, name: name! }))
      .filter(({ name }) => Object.hasOwn(pieces, name)),
  );

test('nothing written yet: it says so, and the container is the engine’s', async () => {
  const { exitCode, stdout, stderr } = await run(['--rm', '--network', 'none', 'bb', 'echo', 'hello']);
  assert.is(exitCode, 0, String(stderr));
  assert.is(stdout, 'hello');
  assert.match(String(stderr), new RegExp(`^0 of the ${taught().length} pieces that the course teaches are yours:\n`));
  assert.match(String(stderr), / · utsNamespace +not passed yet: npm run lesson 03 -- check\n/);
});

test('nginx behind a published port, on all that the learner wrote', async () => {
  passAll();
  const server = await serve({ layout: (await demoNginx()).layout, repository: 'library/nginx' });
  fs.writeFileSync(box.config, JSON.stringify({ 'registry-mirrors': [server.url] }));
  const port = await freePort();
  try {
    const { exitCode, stderr } = await run(['-d', '-p', `${port}:80`]);
    assert.is(exitCode, 0, String(stderr));
    const all = taught().length;
    assert.match(String(stderr), new RegExp(`^${all} of the ${all} pieces that the course teaches are yours:\n`));
    const page = await eventually(async () => {
      const { stdout } = await execa('curl', ['-s', '-m', '2', `http://127.0.0.1:${port}/`], { reject: false });
      return stdout.includes('nginx') ? stdout : false;
    }, 20);
    assert.match(page, /Welcome to nginx/);
    const { stdout: program } = await run(['--dry-run=full'], {});
    assert.match(String(program), /8080/);
  } finally {
    await server.close();
    fs.writeFileSync(box.config, '{}');
  }
});

test('networks that a user made: names, a second one while it runs, a restart on both, and one without a way out', async () => {
  passAll();
  for (const flags of [['made'], ['second'], ['--internal', 'inside']]) await box.ok(['network', 'create', ...flags]);
  const { exitCode, stderr } = await run([
    ...['-d', '--name', 'web', '--network', 'made', '--network-alias', 'shop', 'bb', 'sleep', '1000'],
  ]);
  assert.is(exitCode, 0, String(stderr));
  const reaches = async (network: string, name: string) =>
    (await box.minidock(['run', '--rm', '--network', network, 'bb', 'ping', '-c', '1', '-W', '2', name])).exitCode;
  const seen = async () => [
    (await box.inside('web', 'ls /sys/class/net')).split('\n').join(' '),
    (await box.inside('web', 'ip route')).split('\n').filter(line => line.startsWith('default')).length,
    await reaches('made', 'shop'),
    await reaches('second', 'web'),
  ];
  assert.equal(await seen(), ['eth0 lo', 1, 0, 1]);
  await box.ok(['network', 'connect', 'second', 'web']);
  assert.equal(await seen(), ['eth0 eth1 lo', 1, 0, 0]);
  await box.ok(['restart', '-t', '0', 'web']);
  assert.equal(await seen(), ['eth0 eth1 lo', 1, 0, 0]);
  const shut = await run(['--rm', '--network', 'inside', 'bb', 'ip', 'route']);
  assert.is(shut.exitCode, 0, String(shut.stderr));
  assert.not.match(String(shut.stdout), /default/);
  const beyond = "vethPair: a network without a way out is beyond lesson 13, so the engine's own piece is used here";
  assert.ok(String(shut.stderr).includes(beyond), String(shut.stderr));
  await box.removeAll();
  await box.ok(['network', 'prune', '-f']);
});

test('each piece in turn throws: the run fails there, by the learner’s file and line, and leaves nothing', async () => {
  passAll();
  const before = await box.ok(['ps', '-aq']);
  // Ways to make a container that together need every piece; in the others it goes on as ever.
  const ways = [
    ['-p', `${await freePort()}:80`, '-v', 'kept:/kept', '-w', '/made'],
    ['--network', 'none', '-t'],
  ];
  for (const { id, name } of taught()) {
    const good = mine.solution(id);
    const broken = `${good.replace(new RegExp(`^export (const|function) ${name}\\b`, 'm'), '$1 honest')}\nexport const ${name} = () => {\n  void honest;\n  throw new Error('broken on purpose');\n};\n`;
    mine.pass(id, broken);
    const line = broken.split('\n').findIndex(text => text.includes('broken on purpose')) + 1;
    let [exitCode, stderr]: [number | undefined, unknown] = [0, ''];
    for (const flags of ways) if (exitCode === 0) ({ exitCode, stderr } = await run(['--rm', ...flags, 'bb', 'true']));
    assert.is(exitCode, 125, `${name}: ${stderr}`);
    assert.match(
      String(stderr),
      `minidock: lessons/${id}/exercise.ts:${line}:9: ${name}: Error: broken on purpose\n  fix: npm run lesson ${id.slice(0, 2)} -- check`,
    );
    assert.is(await box.ok(['ps', '-aq']), before, name);
    mine.pass(id, good);
  }
});

test('a file that changed since it passed is not run', async () => {
  passAll();
  fs.appendFileSync(mine.file('03-uts-namespace'), '\nthrow new Error("never loaded");\n');
  const { exitCode, stdout, stderr } = await run(['--rm', '--network', 'none', 'bb', 'echo', 'hello']);
  assert.is(exitCode, 0, String(stderr));
  assert.is(stdout, 'hello');
  assert.match(String(stderr), / · utsNamespace +changed since it passed: npm run lesson 03 -- check\n/);
  assert.match(String(stderr), / ✓ pivotRoot +lessons\/06-pivot-root\/exercise\.ts/);
});

test('what a piece may not do it does not do here either', async () => {
  passAll();
  const secret = path.join(mine.folder, 'secret');
  fs.writeFileSync(secret, 'of root');
  const text = `import fs from 'node:fs';
import { call } from '../../src/syscalls/calls.ts';
import { str } from '../../src/syscalls/data.ts';
export const utsNamespace = (hostname: string) => {
  let found = 'out of reach';
  try { found = fs.readFileSync(${JSON.stringify(secret)}, 'utf8'); } catch {}
  if (hostname === 'call') return [call('reboot', [0, 0, 0], { why: { en: '', zh: '' } })];
  throw new Error(found);
};\n`;
  mine.pass('03-uts-namespace', text);
  const told = async (hostname: string) =>
    String((await run(['--rm', '--network', 'none', '--hostname', hostname, 'bb', 'true'])).stderr);
  assert.match(await told('x'), /Error: out of reach/);
  assert.match(await told('call'), /utsNamespace: reboot\(0, 0, 0\) is not what it passed with/);
});

test('lesson 22 on pieces that do not load any more, without nginx and tcpdump: it says so, and shows the rest', async () => {
  mine.pass('03-uts-namespace', "throw new Error('gone');\nexport const utsNamespace = () => [];\n");
  const hidden = ['nginx', 'tcpdump'].map(systemProgram).filter(file => file !== undefined);
  const hide = 'for file in $HIDDEN; do mount --bind /dev/null $file; done; exec "$@"';
  const { exitCode, all } = await execa(
    'unshare',
    ['--mount', 'sh', '-c', hide, 'sh', process.execPath, ...lessonCommand, '22'],
    {
      cwd: mine.folder,
      env: {
        ...{ HIDDEN: hidden.join(' '), XDG_STATE_HOME: mine.state, TMPDIR: mine.state },
        ...{ LANG: 'C', NO_COLOR: '1', FORCE_COLOR: undefined },
      },
      all: true,
      reject: false,
      stdin: 'ignore',
      timeout: 120_000,
    },
  );
  assert.is(exitCode, 0, all);
  assert.match(all, /# lessons\/03-uts-namespace\/exercise\.ts:1:\d+: exercise\.ts: Error: gone/);
  assert.match(all, '# tcpdump: command not found');
  assert.match(all, /\$ curl http:\/\/203\.0\.113\.1:8080\/ .*\n.*served by a container/);
  assert.match(all, /203\.0\.113\.9 GET \//);
  assert.match(all, 'What you have seen');
  assert.not.match(all, /NOT AS CLAIMED|\b0\/0\b/);
  assert.equal(
    fs.readdirSync(mine.state).filter(name => name.startsWith('minidock-lesson-')),
    [],
  );
});

test('a package has no lessons that one edits: it says so', async () => {
  const lock = path.join(mine.folder, 'package-lock.json');
  const content = fs.readFileSync(lock);
  fs.rmSync(lock);
  try {
    const { exitCode, stderr } = await run(['bb', 'true']);
    assert.is(exitCode, 125);
    assert.match(
      String(stderr),
      /^minidock: run --mine needs a checkout of minidock: .*\n {2}fix: clone the repository.*$/,
    );
  } finally {
    fs.writeFileSync(lock, content);
  }
});

test.run();
