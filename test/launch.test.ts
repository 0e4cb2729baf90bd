// @mounts-nothing its subject is how Node is started
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { checkout, requires } from './support/requires.ts';

/** native/launch.c, which starts a shim beside Node, and what bin/minidock makes of it. */
const test = requires('root', 'busybox', 'overlayfs');
const folder = temporaryFolder('launch');
const launcher = join(checkout, `native/build/${process.arch}/minidock-launch`);
const seen = join(folder, 'seen');
const [waits, tells] = [join(folder, 'waits'), join(folder, 'tells')];
let box: BusyboxEngine;

/** In the shim's place: they wait for their socket's end, and one writes down what it was given; by itself, since a shell holds signals back as it forks. */
writeFileSync(waits, '#!/bin/sh\nread -r _ <&3\n');
writeFileSync(
  tells,
  `#!/bin/sh
streams=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2)
exec 5>${seen}.new
{ pwd; env; echo "$streams"; } >&5
while read -r line; do case $line in SigBlk*|SigIgn*) echo "$line" ;; esac; done </proc/$$/status >&5
for fd in /proc/$$/fd/*; do echo "fd \${fd##*/}"; done >&5
mv ${seen}.new ${seen}
read -r _ <&3
`,
);
for (const file of [waits, tells]) chmodSync(file, 0o755);

test.before(async () => {
  box = await busyboxEngine();
  await box.start('sleep 1000', '--name', 'on');
});

function launch(script: string, { shim = waits, before = '' } = {}) {
  const line = `${before} exec "$0" "$@"`;
  return spawnSync('sh', ['-c', line, launcher, shim, process.execPath, '-e', script], {
    encoding: 'utf8',
    cwd: folder,
    env: { PATH: process.env.PATH, MINE: 'yes' },
  });
}

test('Node is told of the shim: its own pid, the shim’s, and two sockets', () => {
  const { stdout } = launch(
    'const fs = require("fs"); const [owner, shim, ...fds] = process.env.MINIDOCK_SHIM.split(":").map(Number);' +
      'const parent = /^PPid:\\s*(\\d+)/m.exec(fs.readFileSync("/proc/" + shim + "/status", "utf8"))[1];' +
      'console.log(owner === process.pid, Number(parent) === process.pid, fds.map(fd => fs.fstatSync(fd).isSocket()))',
  );
  assert.is(stdout, 'true true [ true, true ]\n');
});

test('the shim has nothing of the caller, and ends with Node', async () => {
  const { stdout } = launch('console.log(process.env.MINIDOCK_SHIM.split(":")[1])', {
    shim: tells,
    before: 'trap "" HUP; exec 9</etc/passwd;',
  });
  await eventually(() => assert.not.ok(existsSync(`/proc/${stdout.trim()}/exe`)));
  const lines = readFileSync(seen, 'utf8').split('\n');
  assert.is(lines[0], '/');
  assert.equal(lines.filter(line => /^(MINE|PATH|MINIDOCK_SHIM)=/.test(line)).length, 0, lines.join('\n'));
  assert.equal(
    lines.filter(line => line.startsWith('Sig')),
    ['SigBlk:\t0000000000000000', 'SigIgn:\t0000000000000000'],
  );
  assert.is(lines.filter(line => line === '/dev/null').length, 3);
  // 5 is the file that it writes to, 10 the script; a caller's own descriptors are the program's to close.
  const fds = lines.filter(line => /^fd \d+$/.test(line)).map(line => Number(line.slice(3)));
  assert.equal(
    fds.filter(fd => fd < 5),
    [0, 1, 2, 3, 4],
  );
});

test('a socket takes no place of a stream that the caller closed', () => {
  const script = 'console.log(process.env.MINIDOCK_SHIM.split(":").slice(2).every(fd => fd > 2))';
  assert.is(launch(script, { before: 'exec <&- 2>&-;' }).stdout, 'true\n');
});

test('where there is no shim Node starts all the same', () => {
  assert.is(launch('console.log(process.env.MINIDOCK_SHIM)', { shim: '/nonexistent' }).stdout, 'undefined\n');
});

test('where few descriptors are allowed all of them are for Node, which says what is missing', () => {
  assert.is(launch('console.log(process.env.MINIDOCK_SHIM)', { before: 'ulimit -n 40;' }).stdout, 'undefined\n');
});

test('no Node: one line, and what to do', () => {
  const { status, stderr } = spawnSync(launcher, ['/nonexistent', 'node'], { encoding: 'utf8', env: { PATH: folder } });
  assert.is(status, 127);
  assert.is(stderr, 'minidock: cannot execute node\n  fix: install Node 20 or later, where PATH names it\n');
});

for (const [reason, content, mode] of [
  ['permission denied', '#!/bin/sh\n', 0o644],
  ['exec format error', 'no program', 0o755],
] as const)
  test(`a Node that cannot be executed: 126, and why: ${reason}`, () => {
    const PATH = join(folder, reason);
    mkdirSync(PATH);
    writeFileSync(join(PATH, 'node'), content);
    chmodSync(join(PATH, 'node'), mode);
    const { status, stderr } = spawnSync(launcher, ['/nonexistent', 'node'], { encoding: 'utf8', env: { PATH } });
    assert.is(status, 126);
    const fix = 'make the node that PATH names executable here, or install Node 20 or later in its place';
    assert.is(stderr, `minidock: cannot execute node: ${reason}\n  fix: ${fix}\n`);
  });

test('neither a container nor another process of ours sees the variable', async () => {
  const { stdout } = await box.minidock(['exec', '-e', 'MINIDOCK_SHIM', 'on', 'env']);
  assert.not.match(String(stdout), 'MINIDOCK_SHIM');
  const foreign = { MINIDOCK_SHIM: '1:2:0:1' };
  assert.is((await box.minidock(['exec', 'on', 'echo', 'fine'], { env: foreign })).stdout, 'fine');
});

for (const [seconds, what] of [
  [0, 'at once'],
  [0.2, 'later than Node waits for an answer'],
] as const)
  test(`a command that ends ${what} has its output and its status`, async () => {
    const script = `echo out; echo err >&2; sleep ${seconds}; exit 5`;
    for (const words of [
      ['exec', 'on'],
      ['run', '--rm', '--network', 'none', 'bb'],
    ]) {
      const { stdout, stderr, exitCode } = await box.minidock([...words, 'sh', '-c', script]);
      assert.equal([stdout, stderr, exitCode], ['out', 'err', 5], words[0]);
    }
  });

test('it is found from any directory, and by way of links', () => {
  const link = join(folder, 'minidock');
  symlinkSync(minidockPath, link);
  const traced = (command: string, cwd: string) =>
    spawnSync('sh', ['-c', `${command} exec on sh -c 'echo $0' fine`], {
      encoding: 'utf8',
      cwd,
      env: { ...process.env, ...box.env },
    });
  for (const [command, cwd] of [
    [link, '/'],
    ['./minidock', folder],
    ['bin/minidock', dirname(dirname(minidockPath))],
    ['sh minidock', dirname(minidockPath)],
  ] as const)
    assert.is(traced(command, cwd).stdout, 'fine\n', command);
});

/** What Node says that has a line in `line`, read with patience, and has it `dial` a path. */
async function withLine(script: string): Promise<string> {
  const words = `const fs = require('fs'); const [owner, control, line] = process.env.MINIDOCK_LINE.split(':').map(Number);
    const hear = fd => { const b = Buffer.alloc(99); return b.subarray(0, fs.readSync(fd, b)); };
    const dial = path => { fs.writeSync(control, path + '\\0'); return hear(control)[0]; };`;
  const node = spawn(launcher, ['-', process.execPath, '-e', words + script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  node.stdout.on('data', text => {
    said += text;
  });
  await once(node, 'close');
  return said.trim();
}

test('Node is told of a line: its own pid, the socket that asks for it, and the line', async () => {
  const areSockets = '[control, line].every(fd => fs.fstatSync(fd).isSocket())';
  assert.is(await withLine(`console.log(owner === process.pid, ${areSockets})`), 'true true');
});

test('a line is connected where it is told, with nobody between Node and the other side', async () => {
  const path = join(folder, 'dialled');
  const server = createServer(socket => {
    socket.once('data', text => socket.end(`${text}, yes`));
  }).listen(path);
  await once(server, 'listening');
  assert.is(
    await withLine(
      `console.log(dial('${path}'), hear(control).length);
      fs.writeSync(line, 'ping'); console.log(String(hear(line))); console.log(hear(line).length)`,
    ),
    '0 0\nping, yes\n0',
  );
  // Ours goes, and nothing is said.
  const gone = new Promise(resolve => server.once('connection', socket => socket.once('close', resolve).resume()));
  assert.is(await withLine(`console.log(dial('${path}'))`), '0');
  await gone;
  // What does not come soon is not waited for.
  const silent = `try { hear(line) } catch ({ code }) { console.log(code) }`;
  assert.is(await withLine(`console.log(dial('${path}')); ${silent}`), '0\nEAGAIN');
  server.close();
});

test('a line that cannot connect says so, and so does one that is given no path of a socket', async () => {
  const nobody = join(folder, 'nobody');
  assert.is(await withLine(`console.log(dial('${nobody}'), hear(control).length)`), '1 0');
  assert.is(await withLine(`console.log(dial('/etc/passwd'), hear(control).length)`), '1 0');
  assert.is(await withLine(`try { dial('/' + 'x'.repeat(200)) } catch ({ code }) { console.log(code) }`), 'ECONNRESET');
});

test('a container is ended all the same where its supervisor’s socket is gone, or the variable is another’s', async () => {
  const id = await box.start('sleep 1000', '--name', 'deaf');
  rmSync(join(box.execRoot, id.slice(0, 12), 'shim.sock'));
  assert.is((await box.minidock(['rm', '-f', 'deaf'])).exitCode, 0);
  const foreign = { MINIDOCK_LINE: '1:0' };
  await box.start('sleep 1000', '--name', 'deaf');
  assert.is((await box.minidock(['rm', '-f', 'deaf'], { env: foreign })).stdout, 'deaf');
});

requires('strace')('who waits for less time than a read of a line may take connects by itself', async () => {
  const trace = join(folder, 'trace');
  const strace = ['-f', '--seccomp-bpf', '-Y', '-e', 'trace=connect', '-o', trace];
  /** The name of the process that connected first to the supervisor. */
  const connectedBy = async (seconds: string) => {
    await box.start("trap '' TERM; while :; do sleep 1; done", '--name', 'stubborn');
    const { status, stderr } = spawnSync('strace', [...strace, minidockPath, 'stop', '-t', seconds, 'stubborn'], {
      encoding: 'utf8',
      env: { ...process.env, ...box.env },
    });
    assert.is(status, 0, stderr);
    await box.ok(['rm', 'stubborn']);
    return /<(.+)> +connect\(.*shim\.sock/.exec(readFileSync(trace, 'utf8'))?.[1];
  };
  // No timer runs while a line is read: the kill would come later than it was asked for.
  assert.is(await connectedBy('0'), 'node');
  assert.is(await connectedBy('1'), 'minidock-launch');
});

test.run();
