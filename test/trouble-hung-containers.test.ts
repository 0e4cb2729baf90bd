// @mounts-nothing its subject is the supervisor and its clients
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { identityOf, isAlive } from '../src/host/process.ts';
import { cgroupParent } from '../src/state/paths.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { onExit } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';
import { stopper } from './support/stopper.ts';

/** Clients that hang, supervisors that are held up: `stop` and `rm -f` say what is true, and soon. */
const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;
const hung: net.Socket[] = [];

test.before(async () => {
  box = await busyboxEngine();
});
test.after.each(async () => {
  for (const socket of hung.splice(0)) socket.destroy();
  await box.removeAll();
});

const supervisorOf = async (id: string) => {
  const pid = await box.inspect(id, '{{.State.Pid}}');
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
};

const connect = (id: string): Promise<net.Socket> =>
  eventually(async () => {
    const socket = net.connect(join(box.execRoot, id.slice(0, 12), 'shim.sock'));
    // EAGAIN while many wait to be accepted.
    await once(socket, 'connect');
    socket.on('error', () => {});
    return socket;
  });

/** As many as a supervisor has places for, and more: none of them ever says or reads anything. */
async function hang(id: string): Promise<void> {
  for (let i = 0; i < 12; i++) {
    const socket = await connect(id);
    socket.pause();
    hung.push(socket);
  }
}

async function took(action: () => Promise<unknown>): Promise<number> {
  const began = Date.now();
  await action();
  return Date.now() - began;
}

const handler = 'trap "exit 7" TERM; while :; do sleep 0.1; done';

test('with all places of its supervisor taken a container is stopped, and removed', async () => {
  const id = await box.start(handler);
  await hang(id);
  await box.ok(['stop', id]);
  assert.is(await box.inspect(id, '{{.State.Status}} {{.State.ExitCode}}'), 'exited 7');
  const other = await box.start('while :; do sleep 1; done');
  await hang(other);
  await box.ok(['rm', '-f', other]);
  assert.is(await box.ok(['ps', '-aq', '--no-trunc']), id);
});

test('a stop whose connection is given to another says nothing before the end was seen', async () => {
  const id = await box.start('while :; do sleep 1; done');
  await hang(id);
  const stop = box.minidock(['stop', '-t', '6', id]);
  let said = '';
  stop.stdout!.on('data', chunk => {
    said += chunk;
  });
  await new Promise(resolve => setTimeout(resolve, 1500));
  await hang(id);
  assert.is(said, '');
  assert.is(await box.inspect(id, '{{.State.Running}}'), 'true');
  assert.is((await stop).exitCode, 0);
  assert.is(await box.inspect(id, '{{.State.Status}} {{.State.ExitCode}}'), 'exited 137');
});

test('a client that does not read: stop is quick, and the client learns the exit code when it reads again', async () => {
  const script = 'trap "exit 7" TERM; while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done';
  const client = spawn(minidockPath, ['run', '--name', 'unread', '--network', 'none', 'bb', 'sh', '-c', script], {
    env: { ...process.env, ...box.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const code = new Promise(resolve => client.once('exit', resolve));
  client.stdout!.pause();
  await eventually(async () => assert.is(await box.inspect('unread', '{{.State.Running}}'), 'true'));
  await new Promise(resolve => setTimeout(resolve, 1000));
  const time = await took(() => box.ok(['stop', '-t', '20', 'unread']));
  assert.ok(time < 15_000, `${time} ms`);
  assert.is(await box.inspect('unread', '{{.State.ExitCode}}'), '7');
  client.stdout!.resume();
  assert.is(await code, 7);
});

requires(
  'root',
  'busybox',
  'overlayfs',
  'iptables',
)('after stop the ports are free, whoever still hangs on the supervisor', async () => {
  const port = await freePort();
  const id = await box.start(handler, '--network', 'bridge', '-p', `127.0.0.1:${port}:80`);
  const client = await connect(id);
  client.pause();
  hung.push(client);
  await box.ok(['stop', id]);
  const server = net.createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.close();
});

test('a supervisor that is stopped ends with its container', async () => {
  const id = await box.start(handler);
  const supervisor = await supervisorOf(id);
  const identity = identityOf(supervisor);
  process.kill(supervisor, 'SIGSTOP');
  onExit(() => {
    try {
      process.kill(supervisor, 'SIGCONT');
    } catch {}
  });
  const time = await took(() => box.ok(['rm', '-f', id]));
  assert.ok(time < 12_000, `${time} ms`);
  assert.is(await box.ok(['ps', '-aq']), '');
  assert.not.ok(isAlive(identity));
});

requires(
  'root',
  'busybox',
  'overlayfs',
  'cgroup1',
)('of a supervisor that not even SIGKILL ends the container is ended, and stop does not say that it was', async () => {
  const id = await box.start(handler);
  const [first, supervisor] = [identityOf(Number(await box.inspect(id, '{{.State.Pid}}'))), await supervisorOf(id)];
  // As one that waits for a disk which does not answer, where the log is.
  const freezer = `/sys/fs/cgroup/freezer${cgroupParent(box)}/shims/freezer.state`;
  writeFileSync(freezer, 'FROZEN');
  const thaw = onExit(() => writeFileSync(freezer, 'THAWED'));
  try {
    const { exitCode, stdout, stderr } = await box.minidock(['stop', '-t', '1', id]);
    assert.equal([exitCode, stdout], [1, '']);
    assert.match(
      String(stderr),
      `does not end: its supervisor gives no answer\n  fix: look at \`ps -o pid,stat,wchan,args -p ${supervisor}`,
    );
    assert.not.ok(isAlive(first));
  } finally {
    thaw();
  }
  await box.ok(['stop', id]);
  assert.is(await box.inspect(id, '{{.State.Status}} {{.State.ExitCode}}'), 'exited 137');
});

test('exec works in a container that stops every process which enters it', async () => {
  const id = await box.start(stopper(false));
  for (let i = 0; i < 5; i++) {
    const result = await box.minidock(['exec', id, 'echo', 'inside'], { timeout: 30_000 });
    assert.equal([result.exitCode, result.stdout], [0, 'inside'], String(result.stderr));
  }
});

test('exec into a container that stops its processes again and again does not hang: its command runs, or a sentence says why not', async () => {
  const id = await box.start(stopper(true));
  const { exitCode, stdout, stderr } = await box.minidock(['exec', id, 'echo', 'inside'], { timeout: 40_000 });
  // It may slip through while the machine is busy.
  if (exitCode === 0) assert.is(stdout, 'inside');
  else {
    assert.is(exitCode, 126);
    assert.match(
      String(stderr),
      /^minidock: the container stops every process that enters it before its command begins\n/,
    );
  }
});

test('a container that stops its processes again and again is stopped, and ends the commands in it', async () => {
  const id = await box.start(stopper(true));
  const commands = Array.from({ length: 3 }, () => box.minidock(['exec', id, 'true'], { timeout: 60_000 }));
  await new Promise(resolve => setTimeout(resolve, 1500));
  assert.is((await box.minidock(['stop', '-t', '1', id])).exitCode, 0);
  assert.is(await box.inspect(id, '{{.State.Status}} {{.State.ExitCode}}'), 'exited 137');
  for (const command of commands) assert.is((await command).timedOut, false);
});

for (const [name, flags] of [
  ['pipes', ['-i']],
  ['a terminal', ['-t']],
] as const)
  test(`a supervisor’s ends never block: ${name}`, async () => {
    const id = await box.start(handler, ...flags);
    const supervisor = await supervisorOf(id);
    const ends: string[] = [];
    for (const fd of readdirSync(`/proc/${supervisor}/fd`)) {
      const target = readlinkSync(`/proc/${supervisor}/fd/${fd}`);
      const [, octal] = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/${supervisor}/fdinfo/${fd}`, 'utf8'))!;
      if (!/^pipe:|^socket:|ptmx|signalfd/.test(target)) continue;
      ends.push(target.replace(/\[\d+\]/, ''));
      assert.ok(Number.parseInt(octal!, 8) & 0o4000, `${target} blocks`);
    }
    // The one at which it listens, and the one that holds the container's root.
    const sockets = ['socket:', 'socket:'];
    const streams = name === 'pipes' ? ['pipe:', 'pipe:', 'pipe:'] : ['/dev/pts/ptmx'];
    assert.equal(ends.filter(end => !end.startsWith('anon_inode')).sort(), [...streams, ...sockets]);
  });

test.run();
