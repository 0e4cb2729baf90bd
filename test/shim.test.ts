import { spawn } from 'node:child_process';
import * as assert from 'uvu/assert';
import { call, sync } from '../src/syscalls/calls.ts';
import { str, strings } from '../src/syscalls/data.ts';
import { encode } from '../src/syscalls/encode.ts';
import { architecture, launch, runHost, shimPath } from '../src/syscalls/shim.ts';
import { program, slot } from '../src/syscalls/step.ts';
import { signals } from '../src/syscalls/uapi/flags.ts';
import { requires } from './support/requires.ts';

const test = requires();
const why = { why: 'a test' };
const valid = encode(program({ host: [call('chdir', [str('/')], why)] }), { arch: architecture() });

/** Gives the bytes to a shim as they are. */
function feed(bytes: Uint8Array): Promise<{ code: number | null; signal: string | null; answer: string }> {
  const shim = spawn(shimPath(), [], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const socket = shim.stdio[3] as import('node:net').Socket;
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  socket.on('error', () => {});
  socket.end(bytes);
  return new Promise(resolve =>
    shim.once('close', (code, signal) =>
      resolve({ code, signal, answer: Buffer.concat(chunks).toString('latin1', 0, 1) }),
    ),
  );
}

test('a whole program is performed', async () => {
  assert.equal(await feed(valid), { code: 0, signal: null, answer: '' });
});

test('a program cut at any byte is refused', async () => {
  for (let length = 0; length < valid.length; length += 7) {
    const { code, answer } = await feed(valid.subarray(0, length));
    assert.equal({ length, code, answer }, { length, code: 2, answer: 'M' });
  }
});

test('a program with a damaged header or step is refused', async () => {
  const damages: [string, number, number][] = [
    ['magic', 0, 0],
    ['more slots than there are', 12, 9999],
    ['data beyond the end', 16, 1 << 30],
    ['more steps than there are', 24, 7],
    ['an unknown operation', 48, 250],
    ['an argument of an unknown kind', 48 + 8, 9],
    ['a pointer beyond the data', 48 + 32, 100_000],
  ];
  for (const [name, at, value] of damages) {
    const bytes = Buffer.from(valid);
    if (at < 48) bytes.writeUInt32LE(value, at);
    else if (value < 256) bytes.writeUInt8(value, at);
    else bytes.writeUInt32LE(value, at);
    const { code, answer } = await feed(bytes);
    assert.equal({ name, code, answer }, { name, code: 2, answer: 'M' });
  }
});

test('what a failed step says arrives, every time, although the shim is gone by then', async () => {
  const refused = program({ host: [call('chdir', [str('/there/is/no/such/place')], why)] });
  for (let i = 0; i < 60; i++) {
    const error = await runHost(refused).catch(caught => caught);
    assert.match(error.message, /^chdir\("\/there\/is\/no\/such\/place"\) = ENOENT \(host step 1\)$/);
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

test.run();
