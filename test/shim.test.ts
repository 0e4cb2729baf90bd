import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { startKeeper } from '../src/container/keeping/start-keeper.ts';
import { call, close, open, sync } from '../src/syscalls/calls.ts';
import { room, str, strings, text } from '../src/syscalls/data.ts';
import { type EncodeOptions, encode, HEADER_SIZE } from '../src/syscalls/encode.ts';
import { Decoder, type Message } from '../src/syscalls/protocol.ts';
import { launch, runHost, Shim, shimPath } from '../src/syscalls/shim.ts';
import { type Program, program, slot, word } from '../src/syscalls/step.ts';
import { architecture } from '../src/syscalls/uapi/architecture.ts';
import { O, signals } from '../src/syscalls/uapi/flags.ts';
import { sleepSync, temporaryFolder } from './support/cleanup.ts';
import { checkout, findProgram, requires } from './support/requires.ts';

const test = requires();
const why = { why: { en: 'a test', zh: '测试' } };

/** This machine's shim, and the other processor's in an emulator: what a package holds. */
const built = [
  { arch: architecture(), suffix: '', shim: () => [shimPath()], test },
  {
    arch: 'arm64' as const,
    suffix: ' (arm64, emulated)',
    shim: () => [findProgram('qemu-aarch64-static')!, join(checkout, 'native/build/arm64/minidock-shim')],
    test: requires('x64', 'aarch64-linux-gnu-gcc', 'qemu-aarch64-static'),
  },
];

/** Gives the bytes to a shim as they are; what it answered before it ended. */
function feed([command = '', ...args]: string[], program: Uint8Array) {
  const shim = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const socket = shim.stdio[3] as import('node:net').Socket;
  const decoder = new Decoder();
  const answers: Message[] = [];
  socket.on('data', chunk => answers.push(...decoder.push(chunk)));
  socket.on('error', () => {});
  socket.end(program);
  return new Promise<{ code: number | null; signal: string | null; answers: Message[] }>((resolve, reject) => {
    shim.once('error', reject);
    shim.once('close', (code, signal) => resolve({ code, signal, answers }));
  });
}

for (const { arch, suffix, shim, test } of built) {
  const options: EncodeOptions = { arch };
  const perform = (sections: Partial<Program>, more: Partial<EncodeOptions> = {}) =>
    feed(shim(), encode(program(sections), { ...options, ...more }));
  const refused = async (what: string | number, damaged: Uint8Array) => {
    const { code, answers } = await feed(shim(), damaged);
    assert.equal({ what, code, answers: answers.map(({ kind }) => kind) }, { what, code: 2, answers: ['malformed'] });
  };
  const valid = encode(program({ host: [call('chdir', [str('/')], why)] }), options);

  test(`a whole program is performed${suffix}`, async () => {
    assert.equal(await feed(shim(), valid), { code: 0, signal: null, answers: [] });
  });

  test(`a program cut at any byte is refused${suffix}`, async () => {
    for (let length = 0; length < valid.length; length += 7) await refused(length, valid.subarray(0, length));
  });

  test(`a program with a damaged header or step is refused${suffix}`, async () => {
    const damages: [string, number, number][] = [
      ['magic', 0, 0],
      ['more slots than there are', 12, 9999],
      ['data beyond the end', 16, 1 << 30],
      ['more steps than there are', 24, 7],
      ['an unknown operation', HEADER_SIZE, 250],
      ['an argument of an unknown kind', HEADER_SIZE + 8, 9],
      ['a pointer beyond the data', HEADER_SIZE + 32, 100_000],
    ];
    for (const [name, at, value] of damages) {
      const damaged = Buffer.from(valid);
      if (at < HEADER_SIZE) damaged.writeUInt32LE(value, at);
      else if (value < 256) damaged.writeUInt8(value, at);
      else damaged.writeUInt32LE(value, at);
      await refused(name, damaged);
    }
  });

  test(`results, words and stores lead from step to step, and expect judges${suffix}`, async () => {
    const file = join(temporaryFolder('shim'), 'written');
    const fd = slot('the file');
    const ends = room(8, 'two descriptors');
    const [readEnd, writeEnd] = [word('the read end', ends, 0), word('the write end', ends, 4)];
    const content = text('by way of a pipe\n');
    const length = content.bytes.length;
    const passed = room(length, 'what came out of the pipe');
    const host = [
      open(file, O.O_WRONLY | O.O_CREAT | O.O_EXCL, { ...why, save: fd }, 0o600),
      call('pipe2', [ends, O.O_CLOEXEC], why),
      call('write', [writeEnd, content, length], why),
      call('read', [readEnd, passed, length], why),
      {
        op: 'expect' as const,
        data: passed,
        at: 0,
        mask: Buffer.alloc(2, 0xff),
        value: Buffer.from('by'),
        ...why,
      },
      call('write', [fd, passed, length], why),
      close(fd, why),
      call('mkdirat', [-100, str('/'), 0o755], { ...why, tolerate: ['EEXIST'] }),
    ];
    const { code, answers } = await perform({ host }, { trace: true });
    assert.is(code, 0);
    assert.equal(
      answers.map(answer => (answer.kind === 'report' ? [answer.report.type, answer.report.index] : answer)),
      host.map((_, index) => ['trace', index]),
    );
    assert.is(readFileSync(file, 'utf8'), 'by way of a pipe\n');
  });

  test(`nothing is done after a step that failed, and its errno arrives${suffix}`, async () => {
    const file = join(temporaryFolder('shim'), 'written');
    const { code, answers } = await perform({
      host: [
        call('chdir', [str('/there/is/no/such/place')], why),
        open(file, O.O_WRONLY | O.O_CREAT, { ...why, save: slot('never') }, 0o600),
      ],
    });
    assert.is.not(code, 0);
    const [answer] = answers;
    assert.is(answers.length, 1);
    assert.equal(answer?.kind === 'report' && [answer.report.type, answer.report.index, answer.report.result], [
      'failed',
      0,
      -2,
    ]);
    assert.not.ok(existsSync(file));
  });
}

test('what a failed step says arrives, every time, although the shim is gone by then', async () => {
  const refused = program({ host: [call('chdir', [str('/there/is/no/such/place')], why)] });
  for (let i = 0; i < 60; i++) {
    const error = await runHost(refused).catch(caught => caught);
    assert.match(error.message, /^chdir\("\/there\/is\/no\/such\/place"\) = ENOENT \(host step 1\)$/);
  }
});

test('why a shim could not make its copy arrives, although its program is sent only then', async () => {
  const { TMPDIR } = process.env;
  process.env.TMPDIR = '/there/is/no/such/place';
  const shim = new Shim({ memfd: false });
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
  // Node is not let read what it says: the socket for the child closes after that, or with the shim.
  while (existsSync(`/proc/${shim.process.pid}/fd/4`)) sleepSync(1);
  shim.run(program({ host: [call('chdir', [str('/')], why)] }));
  const error = await shim.exited.catch(caught => caught);
  assert.match(error.message, /^open.*\/there\/is\/no\/such\/place\/\.shim-.* = ENOENT \(host step 1,/);
  await shim.ended;
});

test('why no child could be made arrives, although the end of its socket is read first', async () => {
  const child = slot('child');
  const CLONE_SIGHAND = 0x800;
  const refused = program({
    // clone(2): without CLONE_VM it is EINVAL.
    host: [call('clone', [CLONE_SIGHAND | signals.SIGCHLD, 0, 0, 0, 0], { ...why, save: child, forks: true })],
    child: [sync(why)],
    exec: [call('execve', [str('/bin/true'), strings(['true']), strings([])], why)],
    supervise: { child },
  });
  for (let i = 0; i < 20; i++) {
    const shim = launch(refused);
    const error = await shim.supervised.catch(caught => caught);
    assert.match(error.message, /^clone\(.* = EINVAL \(host step 1\)$/);
    await shim.abort();
  }
});

test('what the child did is told after its birth, whichever socket is read first', async () => {
  const child = slot('child');
  const born = program({
    host: [call('clone', [signals.SIGCHLD, 0, 0, 0, 0], { ...why, save: child, forks: true })],
    child: [...Array.from({ length: 8 }, () => call('chdir', [str('/')], why)), sync(why)],
    exec: [call('execve', [str('/bin/true'), strings(['true']), strings([])], why)],
    supervise: { child },
  });
  for (let i = 0; i < 40; i++) {
    const told: string[] = [];
    const shim = launch(born, { onStep: ({ program, report }) => program === born && told.push(report.section) });
    try {
      await shim.ready;
      assert.equal(told, ['host', ...Array(8).fill('child')]);
    } finally {
      await shim.abort();
    }
  }
});

test('whose child is ready has told its pid, although the child is faster than its parent', async () => {
  const child = slot('child');
  const slow = program({
    host: [
      call('clone', [signals.SIGCHLD, 0, 0, 0, 0], { ...why, save: child, forks: true }),
      ...Array.from({ length: 500 }, () => call('chdir', [str('/')], why)),
    ],
    child: [sync(why)],
    exec: [call('execve', [str('/bin/true'), strings(['true']), strings([])], why)],
    supervise: { child },
  });
  for (let i = 0; i < 20; i++) {
    const shim = launch(slow);
    try {
      await shim.ready;
      assert.ok(shim.pid > 0);
    } finally {
      await shim.abort();
    }
  }
});

test('a child that is killed on its way is told as that', async () => {
  const child = slot('child');
  const born = program({
    host: [call('clone', [signals.SIGCHLD, 0, 0, 0, 0], { ...why, save: child, forks: true })],
    // Its own group of processes.
    child: [call('setsid', [], why), call('kill', [0, signals.SIGKILL], why), sync(why)],
    exec: [call('execve', [str('/bin/true'), strings(['true']), strings([])], why)],
    supervise: { child },
  });
  const shim = launch(born);
  try {
    const error = await shim.ready.catch(caught => caught);
    assert.is(error?.message, "the container's first process was killed before its command began");
  } finally {
    await shim.abort();
  }
});

test('a child that is killed before it is told to go on keeps nobody waiting', async () => {
  const child = slot('child');
  const born = program({
    host: [call('clone', [signals.SIGCHLD, 0, 0, 0, 0], { ...why, save: child, forks: true })],
    child: [sync(why)],
    exec: [call('execve', [str('/bin/true'), strings(['true']), strings([])], why)],
    supervise: { child },
  });
  const shim = launch(born);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise(resolve => {
    timer = setTimeout(resolve, 10_000, 'still waits');
  });
  try {
    await shim.ready;
    process.kill(shim.pid, 'SIGKILL');
    // Not awaited: its end is not heard of before the byte for it is written.
    const begun = process.uptime();
    while (!isDead(shim.pid) && process.uptime() - begun < 10);
    shim.go();
    assert.is(await Promise.race([shim.executed, late]), undefined);
    assert.is(await Promise.race([shim.exited, late]), 137);
  } finally {
    clearTimeout(timer);
    await shim.abort();
  }
});

test('a supervisor whose reap makes another program of it is not waited for, and lives on', async () => {
  const child = slot('child');
  const born = program({
    host: [call('clone', [signals.SIGCHLD, 0, 0, 0, 0], { ...why, save: child, forks: true })],
    child: [sync(why)],
    exec: [call('execve', [str('/nowhere'), strings(['nowhere']), strings([])], why)],
    supervise: { child },
    reap: startKeeper(join(temporaryFolder('keeper'), 'lock'), ['/bin/sleep', '60']),
  });
  const shim = launch(born);
  const pid = shim.process.pid!;
  try {
    await shim.ready;
    shim.client.cleansUp(false);
    shim.go();
    await shim.executed.then(
      () => assert.unreachable('no such program'),
      () => {},
    );
    const begun = process.uptime();
    await shim.abort();
    assert.ok(process.uptime() - begun < 1.5, 'nobody waits until patience ends');
    assert.is(readFileSync(`/proc/${pid}/comm`, 'utf8'), 'sleep\n');
  } finally {
    shim.process.kill('SIGKILL');
  }
});

function isDead(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

test.run();
