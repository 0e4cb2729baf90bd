// @long it waits for clients that say nothing
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { LogParser } from '../src/container/logging/parse.ts';
import { connectSupervisor } from '../src/engine/containers/connection.ts';
import { readLinkIfPresent } from '../src/state/files.ts';
import type { Shim } from '../src/syscalls/shim.ts';
import { onExit, temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';
import { type SupervisedFiles, supervised } from './support/supervised.ts';

/** Clients and processes that do the worst to their supervisor: it goes on, and whoever wants to end the process can. */
const test = requires('root');
const attachAll = { stdin: true, stdout: true, stderr: true };

/** A frame as in native/protocol.h. */
function frame(type: string, detail: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(8);
  head.write(type, 'latin1');
  head.writeUInt8(detail, 1);
  head.writeUInt32LE(payload.length, 4);
  return Buffer.concat([head, payload]);
}

/** A connection of which nothing is ever read. */
async function hungClient(socket: string, ...frames: Buffer[]): Promise<net.Socket> {
  const client = await eventually(async () => {
    const tried = net.connect(socket);
    // EAGAIN while many wait to be accepted.
    await new Promise((resolve, reject) => tried.once('connect', resolve).once('error', reject));
    return tried;
  });
  client.pause();
  client.on('error', () => {});
  for (const one of frames) client.write(one);
  return client;
}

/** As `hungClient`, of which Node does not even read ahead: it holds exactly what the kernel holds. */
async function deafClient(socket: string, ...frames: Buffer[]): Promise<net.Socket> {
  const client = net.connect({ path: socket, onread: { buffer: Buffer.alloc(1), callback: () => false } });
  client.pause();
  client.on('error', () => {});
  await once(client, 'connect');
  for (const one of frames) client.write(one);
  return client;
}

const socketsOf = (shim: Shim) =>
  fs
    .readdirSync(`/proc/${shim.process.pid}/fd`)
    .map(fd => fs.readlinkSync(`/proc/${shim.process.pid}/fd/${fd}`))
    .filter(target => target.startsWith('socket:')).length;

/** Waits so many milliseconds at most, and leaves no timer: this process would stay for it after its last test. */
async function within(milliseconds: number, ended: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const patience = sleep(milliseconds, undefined, { signal: timer.signal }).catch(() => {});
  await Promise.race([ended, patience]);
  timer.abort();
}

const exitOf = ({ exit }: { exit: string }) => readLinkIfPresent(exit) ?? 'none';

/** Another client's signal ends the process, and its supervisor goes, within seconds. */
async function endsBy(shim: Shim, files: { socket: string; exit: string }, signal: number): Promise<void> {
  const began = Date.now();
  const other = (await connectSupervisor(files.socket))!;
  other.client.cleansUp(true);
  other.client.signal(signal);
  await within(20_000, other.ended);
  const told = Date.now() - began;
  assert.is(exitOf(files), String(128 + signal), 'the exit record is there when the client is told');
  await within(20_000, shim.ended);
  const took = Date.now() - began;
  assert.ok(told < 6000 && took < 9000, `told after ${told} ms, gone after ${took} ms`);
}

test('with all places taken by clients that say nothing there is one left for a signal', () =>
  supervised('exec sleep 1000', async (shim, files) => {
    shim.go();
    await shim.executed;
    const hung: net.Socket[] = [];
    for (let i = 0; i < 70; i++) hung.push(await hungClient(files.socket));
    // That place is for no attachment: of one the supervisor would have to wait for what it reads.
    const attached = await hungClient(files.socket, frame('a', 2));
    attached.resume();
    await eventually(() => attached.closed);
    await endsBy(shim, files, 15);
    for (const client of hung) client.destroy();
  }));

/** Clock ticks (a hundredth of a second) that a process has had of a CPU: proc_pid_stat(5), fields 14 and 15. */
function ticksOf(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

test('without a descriptor for a client the supervisor waits, and takes it in when another goes', () =>
  supervised('exec sleep 1000', async (shim, files) => {
    shim.go();
    await shim.executed;
    const pid = shim.process.pid!;
    const taken = new Set(fs.readdirSync(`/proc/${pid}/fd`).map(Number));
    const free = Array.from({ length: 100 }, (_, fd) => fd).filter(fd => !taken.has(fd));
    // Room for two clients.
    execFileSync('prlimit', ['--pid', String(pid), `--nofile=${free[2]}`]);
    const clients: net.Socket[] = [];
    for (let i = 0; i < 6; i++) clients.push(await hungClient(files.socket, frame('a', 2)));
    const [used, began] = [ticksOf(pid), Date.now()];
    await sleep(1000);
    const share = (ticksOf(pid) - used) / ((Date.now() - began) / 10);
    assert.ok(share < 0.05, `it takes ${Math.round(share * 100)} % of a CPU`);
    for (const client of clients) client.destroy();
    await endsBy(shim, files, 15);
  }));

test('clients that send input nobody reads and go away are noticed, and their places are free again', () =>
  supervised('exec sleep 1000', async (shim, files) => {
    shim.client.attach(attachAll);
    shim.go();
    await shim.executed;
    const before = socketsOf(shim);
    const input = frame('i', 0, Buffer.alloc(32768, 'x'));
    const clients: net.Socket[] = [];
    for (let i = 0; i < 6; i++)
      clients.push(await hungClient(files.socket, frame('a', 1), input, input.subarray(0, 9)));
    await eventually(() => socketsOf(shim) === before + 6);
    for (const client of clients) client.destroy();
    await eventually(() => socketsOf(shim) === before);
    await endsBy(shim, files, 15);
  }));

test('a signal does not queue behind input of the same client that waits for another’s', () =>
  supervised('exec sleep 1000', async (shim, files) => {
    shim.client.attach(attachAll);
    shim.go();
    await shim.executed;
    void shim.client.write(Buffer.alloc(1 << 20, 'x'));
    // The pipe is full, and the supervisor holds the first's next chunk, before the other comes.
    await sleep(300);
    const other = (await connectSupervisor(files.socket))!;
    other.client.attach({ stdin: true, stdout: false, stderr: false });
    void other.client.write(Buffer.alloc(1 << 20, 'y'));
    await sleep(100);
    other.client.signal(15);
    await within(20_000, other.ended);
    assert.is(exitOf(files), '143');
  }));

for (const [what, script] of [
  ['writes on and on', 'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done'],
  ['says goodbye', 'trap "echo bye; exit 143" TERM; while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done'],
] as const)
  test(`a client that does not read keeps nobody from ending a process that ${what}`, () =>
    supervised(script, async (shim, files) => {
      const slow = await hungClient(files.socket, frame('a', 2));
      shim.go();
      await shim.executed;
      let size = -1;
      await eventually(async () => {
        const now = fs.statSync(files.log).size;
        const held = now > 0 && now === size;
        size = now;
        await sleep(100);
        return held;
      });
      await endsBy(shim, files, 15);
      slow.destroy();
    }));

test('a client that does not read keeps its place while nobody waits for the end but the launcher', () =>
  supervised('while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done', async (shim, files) => {
    const places = socketsOf(shim) + 1;
    const slow = await hungClient(files.socket, frame('a', 2));
    let closed = false;
    slow.once('close', () => {
      closed = true;
    });
    shim.go();
    await shim.executed;
    await eventually(() => socketsOf(shim) === places);
    // More than the second that it has where somebody waits.
    await sleep(2500);
    assert.is(socketsOf(shim), places);
    slow.resume();
    await sleep(200);
    assert.not.ok(closed);
    slow.pause();
    await endsBy(shim, files, 9);
    slow.destroy();
  }));

test('what a traced program does at its end is told to nobody who has the place of a launcher that is gone', () =>
  supervised(
    'exec sleep 1000',
    async (shim, files) => {
      shim.go();
      await shim.executed;
      const { pid } = shim;
      const before = socketsOf(shim);
      const stay = setInterval(() => {}, 1000);
      shim.detach();
      await eventually(() => socketsOf(shim) === before - 1);
      const other = await hungClient(files.socket);
      await eventually(() => socketsOf(shim) === before);
      const said: Buffer[] = [];
      other.on('data', chunk => said.push(chunk)).resume();
      process.kill(pid, 'SIGKILL');
      await shim.ended;
      clearInterval(stay);
      assert.equal(Buffer.concat(said), Buffer.from([88, 0, 0, 0, 4, 0, 0, 0, 137, 0, 0, 0]));
    },
    { onStep: () => {} },
  ));

test('the launcher that does not read is no obstacle either', () =>
  supervised(
    'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done',
    async (shim, files) => {
      const launcher = shim.process.stdio[3] as net.Socket;
      shim.client.attach(attachAll);
      await sleep(50);
      launcher.pause();
      shim.go();
      await sleep(500);
      const other = (await connectSupervisor(files.socket))!;
      other.client.cleansUp(true);
      other.client.signal(9);
      const began = Date.now();
      await within(20_000, other.ended);
      assert.ok(Date.now() - began < 6000, `${Date.now() - began} ms`);
      assert.is(exitOf(files), '137');
      launcher.resume();
    },
  ));

/** Lets `cat` print lines for a client that reads none, until one is not logged any more, or so many; then lets it end. */
async function printed(shim: Shim, files: SupervisedFiles, most: number): Promise<number> {
  const writer = (await connectSupervisor(files.socket))!;
  writer.client.attach({ stdin: true, stdout: false, stderr: false });
  shim.go();
  await shim.executed;
  shim.detach();
  let lines = 0;
  for (let logged = true; logged && lines < most; lines++) {
    const before = fs.statSync(files.log).size;
    void writer.client.write(Buffer.from(`${'x'.repeat(2000)}\n`));
    logged = await eventually(() => fs.statSync(files.log).size > before, 3).catch(() => false);
  }
  writer.close();
  return lines;
}

test('a client that has no room for the exit code waits as long as it likes, until somebody waits for the end', async () => {
  const stay = setInterval(() => {}, 1000);
  let most = Number.POSITIVE_INFINITY;
  // Two lines more than the client has room for: the supervisor holds one, the other it does not read.
  await supervised('exec cat', async (shim, files) => {
    const slow = await deafClient(files.socket, frame('a', 2));
    most = (await printed(shim, files, most)) - 2;
    slow.destroy();
  });
  await supervised('exec cat', async (shim, files) => {
    const slow = await deafClient(files.socket, frame('a', 2));
    assert.is(await printed(shim, files, most), most);
    await eventually(() => assert.is(exitOf(files), '0'));
    // Longer than it waits for clients that have the code.
    await sleep(2500);
    assert.is(shim.process.exitCode, null, 'the supervisor waits');
    const other = (await connectSupervisor(files.socket))!;
    other.client.cleansUp(true);
    await within(10_000, shim.ended);
    assert.is(shim.process.exitCode, 0, 'the supervisor has ended');
    slow.destroy();
  });
  clearInterval(stay);
});

/** Slows each read of the supervisor down: what poll announced can be gone by then. Resolves when strace is at work. */
async function slowReads(pid: number): Promise<void> {
  const strace = spawn('strace', ['-p', String(pid), '-o', '/dev/null', '-e', 'inject=read:delay_enter=300000'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const end = onExit(() => strace.kill('SIGKILL'));
  strace.once('exit', end);
  let said = '';
  strace.stderr.on('data', chunk => {
    said += chunk;
  });
  await eventually(() => said.includes('attached'));
}

for (const [name, fd] of [
  ['standard output', 1],
  ['standard error', 2],
] as const)
  requires('root', 'strace')(`a process that reads away its own ${name} does not hold its supervisor up`, () =>
    supervised(
      `read go; cat </proc/self/fd/${fd} >/dev/null & sleep 0.3; printf x >&${fd}; exec sleep 1000`,
      async (shim, files) => {
        shim.client.attach(attachAll);
        shim.go();
        await shim.executed;
        await slowReads(shim.process.pid!);
        void shim.client.write(Buffer.from('go\n'));
        await sleep(1500);
        await endsBy(shim, files, 15);
      },
    ),
  );

test('what the disk has no room for leaves no half record in the log', async () => {
  const disk = temporaryFolder('disk');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', disk]);
  const log = path.join(disk, 'log');
  const filler = path.join(disk, 'filler');
  await supervised(
    'exec cat',
    async shim => {
      const output: Buffer[] = [];
      shim.onOutput((_stream, chunk) => void output.push(chunk));
      shim.client.attach(attachAll);
      shim.go();
      await shim.executed;
      const say = async (line: string) => {
        const before = Buffer.concat(output).length;
        void shim.client.write(Buffer.from(`${line}\n`));
        await eventually(() => Buffer.concat(output).length === before + line.length + 1);
      };
      await say('before');
      fs.writeFileSync(filler, Buffer.alloc(112 << 10));
      for (let i = 0; i < 10; i++) await say(`${i}`.repeat(3000));
      fs.rmSync(filler);
      await say('after');
      shim.client.end();
      assert.is(await shim.exited, 0);
      const parser = new LogParser();
      const lines = parser.push(fs.readFileSync(log)).map(({ line }) => String(line).trim());
      assert.is(lines[0], 'before');
      assert.is(lines.at(-1), 'after');
      for (const line of lines.slice(1, -1)) assert.match(line, /^(\d)\1{2999}$/);
      assert.ok(lines.length > 2 && lines.length < 12, `${lines.length} lines were kept`);
    },
    { log },
  );
});

// In real time: the limit is one of the program's, and no knob for tests.
if (process.env.MINIDOCK_FULL === '1')
  test('a client that takes nothing for 30 seconds while the process waits for room is cut off, and another gets all', () =>
    supervised('head -c 4000000 /dev/zero; exit 3', async (shim, files) => {
      shim.client.attach(attachAll);
      let bytes = 0;
      shim.onOutput((_, chunk) => {
        bytes += chunk.length;
      });
      const before = socketsOf(shim);
      await deafClient(files.socket, frame('a', 2));
      await eventually(() => socketsOf(shim) === before + 1);
      const began = Date.now();
      shim.go();
      assert.is(await shim.exited, 3);
      assert.is(bytes, 4_000_000);
      const took = Date.now() - began;
      assert.ok(took > 29_000 && took < 60_000, `after ${took} ms`);
    }));

test.run();
