// @mounts-nothing its subject is where the command line's words go
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { openEngine } from '../src/engine/local.ts';
import { type ServedEngine, serveEngine } from './support/api-server.ts';
import { archive } from './support/archive.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';
import { onTerminal } from './support/terminal.ts';

/** The command line as a client of a daemon, beside the command line that has the engine in itself: on one root, at once. */
const test = requires('root', 'overlayfs', 'busybox');
const bridged = requires('root', 'overlayfs', 'busybox', 'iptables');
const typed = requires('root', 'overlayfs', 'busybox', 'script');

let box: BusyboxEngine;
let served: ServedEngine;
let remoteEnv: Record<string, string>;
const folder = temporaryFolder('remote');

test.before(async () => {
  box = await busyboxEngine();
  served = await serveEngine(openEngine(box, { bridge: box.bridge }), box);
  remoteEnv = { MINIDOCK_HOST: `unix://${served.socket}` };
});
test.after(() => served.close());

interface Answer {
  code: number | undefined;
  stdout: string;
  stderr: string;
}

type Side = 'local' | 'remote';
const envOf = (side: Side) => ({ NODE_EXTRA_CA_CERTS: undefined, ...(side === 'local' ? box.env : remoteEnv) });

async function ask(side: Side, words: readonly string[], input: string | Buffer = ''): Promise<Answer> {
  const { exitCode, stdout, stderr } = await execa(minidockPath, [...words], {
    env: envOf(side),
    input,
    cwd: folder,
    reject: false,
    timeout: 60_000,
    encoding: 'latin1',
    stripFinalNewline: false,
  });
  return { code: exitCode, stdout: String(stdout), stderr: String(stderr) };
}

/** Without what is another one each time: ids, times, names of containers. */
const normal = (text: string, name: string) =>
  text
    .replaceAll(name, 'NAME')
    .replace(/[0-9a-f]{64}|\b[0-9a-f]{12}\b/g, 'ID')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)/g, 'TIME');

/** Types the words on both sides, each with a name of its own for `NAME`: they must answer the same. */
async function same(line: string | readonly string[], input?: string | Buffer): Promise<Answer> {
  const words = typeof line === 'string' ? line.split(' ') : line;
  const answers = await Promise.all(
    (['local', 'remote'] as const).map(async side => {
      const name = `name-${side}`;
      const answer = await ask(
        side,
        words.map(word => word.replaceAll('NAME', name)),
        input,
      );
      return { ...answer, stdout: normal(answer.stdout, name), stderr: normal(answer.stderr, name) };
    }),
  );
  assert.equal(answers[1], answers[0], words.join(' '));
  assert.not.match(answers[0]!.stderr, /defect/);
  return answers[0]!;
}

const run = 'run --rm --network none';

test('run: output, exit codes, input, what cannot be run', async () => {
  const script = await same([...`${run} bb sh -c`.split(' '), 'echo out; echo err >&2; exit 3']);
  assert.equal(script, { code: 3, stdout: 'out\n', stderr: 'err\n' });
  const counted = await same(
    `${run} -i bb sh -c cat|sha256sum`.split(' ').map(w => w.replace('|', ' | ')),
    Buffer.alloc(10_000_000, 'x'),
  );
  assert.is(counted.code, 0);
  assert.match((await same(`${run} -i bb wc -c`, Buffer.alloc(10_000_000, 'x'))).stdout, /^10000000\n$/);
  assert.is((await same(`${run} bb /nosuch`)).code, 127);
  assert.is((await same(`${run} bb /etc/passwd`)).code, 126);
  assert.is((await same(`${run} --pull never nosuch true`)).code, 125);
  assert.is((await same(`${run} --memory 1 bb true`)).code, 125);
  // Files are read where the command line is.
  writeFileSync(join(folder, 'env'), 'A=from a file\n');
  assert.is((await same([...`${run} --env-file env bb sh -c`.split(' '), 'echo $A'])).stdout, 'from a file\n');
  assert.is((await same(`${run} -a stdin -i bb cat`, 'x')).code, 0);
});

test('a container from its start to its end', async () => {
  const lines: [string | string[], Partial<Answer>?, (string | Buffer)?][] = [
    [[...'run -d --name NAME --network none bb sh -c'.split(' '), 'echo one; echo two >&2; sleep 1000']],
    [
      ['ps', '-a', '--filter', 'name=NAME', '--format', '{{.Names}} {{.State}} {{.Image}}'],
      { stdout: 'NAME running bb\n' },
    ],
    [['exec', 'NAME', 'sh', '-c', 'echo in; exit 4'], { code: 4, stdout: 'in\n' }],
    ['exec -i NAME cat', { stdout: 'typed' }, 'typed'],
    ['exec NAME /nosuch', { code: 126 }],
    ['exec -d NAME true', { code: 0 }],
    ['inspect -f {{.State.Status}} NAME', { stdout: 'running\n' }],
    ['top NAME -o comm', { code: 1 }],
    ['top NAME -o pid=,nosuch', { code: 1 }],
    ['stats --no-stream --format {{.Name}} NAME', { stdout: 'NAME\n' }],
    ['pause NAME', { code: 0 }],
    ['pause NAME', { code: 1 }],
    ['unpause NAME', { code: 0 }],
    ['cp env NAME:/tmp/there', { code: 0 }],
    ['cp NAME:/tmp/there back', { code: 0 }],
    ['cp NAME:/nosuch back', { code: 1 }],
    ['diff NAME', { code: 0 }],
    ['kill -s CONT NAME', { code: 0 }],
    ['stop -t 0 NAME', { stdout: 'NAME\n' }],
    ['logs NAME', { stdout: 'one\n', stderr: 'two\n' }],
    ['logs --tail 1 NAME', { stderr: 'two\n' }],
    ['wait NAME', { stdout: '137\n' }],
    ['start NAME', { stdout: 'NAME\n' }],
    ['start NAME', { code: 0 }],
    ['restart -t 0 NAME', { code: 0 }],
    ['rename NAME NAME', { code: 1 }],
    ['update --pids-limit 50 NAME', { code: 0 }],
    ['port NAME', { code: 0 }],
    ['commit -m note NAME made-NAME', { code: 0 }],
    ['rm NAME', { code: 1 }],
    [['events', '--since', '1', '--until', '0s', '-f', 'container=NAME', '--format', '{{.Action}}'], { code: 0 }],
    ['rm -f NAME', { stdout: 'NAME\n' }],
  ];
  for (const [line, wanted, input] of lines) {
    const answer = await same(line, input);
    for (const [key, value] of Object.entries(wanted ?? {}))
      assert.is(answer[key as keyof Answer], value, `${line}: ${JSON.stringify(answer)}`);
  }
});

test('images, volumes, networks, the whole', async () => {
  const image = join(folder, 'image.tar');
  await box.ok(['save', '-o', image, 'bb']);
  mkdirSync(join(folder, 'context/left'), { recursive: true });
  writeFileSync(
    join(folder, 'context/Dockerfile'),
    'FROM bb\nARG WHO\nCOPY . /c\nRUN --mount=type=secret,id=key cat /run/secrets/key; ls /c; echo $WHO\n',
  );
  writeFileSync(join(folder, 'context/.dockerignore'), 'left\n');
  writeFileSync(join(folder, 'context/left/big'), 'not sent');
  const lines: [string | string[], Partial<Answer>?, (string | Buffer)?][] = [
    ['images --format {{.Repository}} -f reference=bb', { stdout: 'bb\n' }],
    ['inspect --type image -f {{.Config.Cmd}} bb', { stdout: '[sh]\n' }],
    ['history --no-trunc bb', { code: 0 }],
    ['tag bb NAME:two', { code: 0 }],
    ['rmi NAME:two nosuch', { code: 1 }],
    ['save bb', { code: 0 }],
    [`load -i ${image}`, { code: 0 }],
    ['load -i nosuch.tar', { code: 1 }],
    ['load', { code: 1 }, 'no archive'],
    ['import - NAME', { code: 0 }, await archive([{ name: 'file', content: 'x' }])],
    ['import nosuch NAME', { code: 1 }],
    [`build --no-cache -t NAME --secret id=key,src=${join(folder, 'env')} --build-arg WHO=me context`, { code: 0 }],
    ['build -q -f nosuch context', { code: 1 }],
    ['build -', { code: 1 }, 'FROM bb\nRUN exit 3\n'],
    ['build -', { code: 1 }, 'FORM bb\n'],
    ['pull 127.0.0.1:1/nosuch', { code: 1 }],
    ['push 127.0.0.1:1/nosuch', { code: 1 }],
    ['search 127.0.0.1:1/nosuch', { code: 1 }],
    ['volume create NAME', { stdout: 'NAME\n' }],
    ['volume inspect -f {{.Driver}} NAME', { stdout: 'local\n' }],
    ['volume ls -q -f name=NAME', { stdout: 'NAME\n' }],
    ['volume rm NAME', { code: 0 }],
    ['volume rm NAME', { code: 1 }],
    ['network inspect -f {{.Driver}} none', { stdout: 'null\n' }],
    ['network rm nosuch', { code: 1 }],
    ['info --format {{.DockerRootDir}}|{{.LoggingDriver}}', { code: 0 }],
    ['version --format {{.Server.KernelVersion}}', { code: 0 }],
    ['system df --format {{.Type}}', { code: 0 }],
    ['system start', { code: 0 }],
    ['system stop', { code: 0 }],
    ['network repair', { code: 0 }],
    ['container prune -f', { code: 0 }],
    ['nosuch', { code: 1 }],
    ['rm nosuch', { code: 1 }],
    ['logs nosuch', { code: 1 }],
    ['ps --filter bad=1', { code: 1 }],
  ];
  for (const [line, wanted, input] of lines) {
    const answer = await same(line, input);
    for (const [key, value] of Object.entries(wanted ?? {}))
      assert.is(answer[key as keyof Answer], value, `${line}: ${JSON.stringify(answer)}`);
  }
});

bridged('a network, and what is planned and traced', async () => {
  await same('network create NAME');
  await same('network inspect -f {{.Driver}} NAME');
  await same('network rm NAME');
  const dry = await ask('remote', 'run --dry-run --network none bb true'.split(' '));
  assert.match(dry.stdout, /^host section, \d+ steps\n[\s\S]*execve/);
  const traced = await ask('remote', `${run} --trace bb true`.split(' '));
  assert.match(traced.stderr, /clone3?[\s\S]*execve\("\/bin\/true"/);
});

test('what one side starts the other sees, hears, enters and ends', async () => {
  for (const [first, second] of [
    ['remote', 'local'],
    ['local', 'remote'],
  ] as const) {
    const name = `by-${first}`;
    const listening = execa(minidockPath, ['events', '--format', '{{.Action}}', '-f', `container=${name}`], {
      env: envOf(second),
      reject: false,
    });
    let heard = '';
    listening.stdout!.on('data', chunk => {
      heard += chunk;
    });
    const { code } = await ask(first, `run -d --name ${name} --network none bb sleep 1000`.split(' '));
    assert.is(code, 0);
    assert.is((await ask(second, ['exec', name, 'echo', 'here'])).stdout, 'here\n');
    // A listener is not there at once: from then on it hears.
    await eventually(async () => {
      await ask(first, ['kill', '-s', 'CONT', name]);
      assert.match(heard, /kill/);
    }, 20);
    assert.is((await ask(second, ['rm', '-f', name])).code, 0);
    await eventually(() => assert.match(heard, /destroy/), 20);
    listening.kill('SIGINT');
    assert.is((await listening).exitCode ?? 130, 130);
  }
});

/** Lines that do not end by themselves; what they print, or what the daemon is asked, before Ctrl-C. */
const long: [line: string, ready: RegExp, asked: RegExp][] = [
  ['logs -f on', /ticking/, /\/logs/],
  ['events --since 1', /container start/, /\/events/],
  ['attach --sig-proxy=false on', /tick/, /\/attach/],
  ['stats on', /on/, /\/stats/],
  ['wait on', /^/, /\/wait/],
  [
    'run --rm --network none --name ended bb sh -c trap+"exit+7"+INT;echo+on;while+:;do+sleep+0.1;done',
    /on/,
    /\/start/,
  ],
  ['exec on sh -c echo+on;sleep+1000', /on/, /exec/],
  ['build --no-cache slow', /\nbegun/, /\/build/],
  ['stop -t 1000 deaf', /^/, /\/stop/],
];

test('Ctrl-C ends what takes long, here and at the daemon', async () => {
  mkdirSync(join(folder, 'slow'));
  writeFileSync(join(folder, 'slow/Dockerfile'), 'FROM bb\nRUN echo begun; sleep 1000\n');
  await box.start('echo ticking; while :; do echo tick; sleep 0.1; done', '--name', 'on');
  await box.start('trap "" TERM; while :; do sleep 0.1; done', '--name', 'deaf');
  for (const [line, ready, asked] of long) {
    const words = line.split(' ').map(word => word.replaceAll('+', ' '));
    const codes: unknown[] = [];
    for (const side of ['local', 'remote'] as const) {
      served.requests.length = 0;
      const command = execa(minidockPath, words, { env: envOf(side), reject: false, cwd: folder, timeout: 60_000 });
      let shown = '';
      command.stdout!.on('data', chunk => {
        shown += chunk;
      });
      await eventually(() => assert.match(shown, ready), 20);
      if (side === 'remote') await eventually(() => assert.ok(served.requests.some(url => asked.test(url))), 20);
      else if (ready.source === '^') await new Promise(resolve => setTimeout(resolve, 500));
      command.kill('SIGINT');
      const { exitCode, signal } = await command;
      codes.push(signal ?? exitCode);
    }
    assert.is(codes[1], codes[0], line);
    await eventually(() => assert.is(served.open(), 0, `the daemon still answers ${line}`), 20);
  }
  // What the builds ran in goes a moment later: nobody waits for that.
  const names = async () => (await box.ok(['ps', '-a', '--format', '{{.Names}}'])).split('\n').sort();
  await eventually(async () => assert.equal(await names(), ['deaf', 'on']), 20);
  await box.removeAll();
});

typed('a terminal: its size, its keys, and the keys that let go', async () => {
  const { exitCode, shown } = await onTerminal(
    `${minidockPath} run -it --rm --network none bb sh`,
    [
      [/[#$] /, 'stty size; echo ma""rk\n'],
      [/33 77\s+mark/, 'echo so""on; sleep 1000\n'],
      [/soon/, '\x03'],
      [/\^C/, 'echo code $?\n'],
      [/code 130/, 'exit 6\n'],
    ],
    remoteEnv,
  );
  assert.is(exitCode, 6, shown);
  const left = await onTerminal(
    `${minidockPath} run -it --name left --network none bb sh`,
    [
      [/[#$] /, 'echo he""re\n'],
      [/here/, '\x10\x11'],
    ],
    remoteEnv,
  );
  assert.is(left.exitCode, 0, left.shown);
  const again = await onTerminal(
    `${minidockPath} attach left`,
    [
      [/^/, '\n'],
      [/[#$] /, 'echo ba""ck; exit 5\n'],
    ],
    remoteEnv,
  );
  assert.match(again.shown, /back/);
  assert.is(again.exitCode, 5);
  const inside = await onTerminal(`${minidockPath} start -ai left`, [[/[#$] /, 'exit 8\n']], remoteEnv);
  assert.is(inside.exitCode, 8);
  await box.ok(['rm', 'left']);
});

test('what needs the host itself says so in one line', async () => {
  for (const line of ['xray web', 'doctor', 'capture web', 'registry serve', 'run --mine']) {
    const { code, stderr, stdout } = await ask('remote', line.split(' '));
    assert.is(stdout, '');
    assert.match(
      stderr,
      /^minidock: .* cannot be asked of the daemon at unix:\/\/\S+: .*\n {2}fix: .*MINIDOCK_HOST\n$/,
    );
    assert.is(code, line.startsWith('run') ? 125 : 1);
  }
  const conflict = await ask('remote', ['--root', '/nowhere', 'ps']);
  assert.match(conflict.stderr, /^minidock: Conflicting options: --root and MINIDOCK_HOST\n/);
});

test('a daemon that is not there, or is none', async () => {
  const cases: [words: string[], code: number, message: RegExp][] = [
    [
      ['-H', `unix://${folder}/no.sock`, 'ps'],
      1,
      /Cannot connect to the minidock daemon at unix:\S+no\.sock\. Is the minidock daemon running\?/,
    ],
    [['-H', `unix://${folder}/no.sock`, 'run', 'bb'], 125, /Is the minidock daemon running\?/],
    [['-H', 'tcp://127.0.0.1:1', 'ps'], 1, /Cannot connect to the minidock daemon at tcp:\/\/127\.0\.0\.1:1\./],
    [['-H', 'ssh://box', 'ps'], 1, /invalid host "ssh:\/\/box"/],
  ];
  for (const [words, code, message] of cases) {
    const answer = await ask('remote', words);
    assert.match(answer.stderr, message);
    assert.is(answer.code, code, words.join(' '));
    assert.ok(answer.stderr.split('\n').length <= 3, answer.stderr);
  }
  // An empty host is none.
  assert.match((await ask('remote', ['-H', '', 'version'])).stdout, /no daemon/);
});

test.run();
