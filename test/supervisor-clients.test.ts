import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import * as assert from 'uvu/assert';
import { execute } from '../src/container/process/execute.ts';
import { adoptOrphans, cloneProcess } from '../src/container/process/namespaces.ts';
import { pipes } from '../src/container/process/stdio.ts';
import { connectSupervisor, type SupervisorConnection } from '../src/engine/containers/connection.ts';
import { statusField } from '../src/host/process.ts';
import { sync } from '../src/syscalls/calls.ts';
import { Decoder } from '../src/syscalls/protocol.ts';
import { Shim } from '../src/syscalls/shim.ts';
import { program, slot } from '../src/syscalls/step.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';
import { type SupervisedFiles, supervised } from './support/supervised.ts';

/** Many clients of one supervisor: what one does, or does not do, is no business of the others. */
const test = requires('root');
const output = { stdin: false, stdout: true, stderr: true };
const input = { stdin: true, stdout: false, stderr: false };

/** A client that attaches to outputs and reads them only when it is told to. */
class Reader {
  received = 0;
  code: number | undefined;
  readonly ended: Promise<unknown>;
  readonly #hash = createHash('sha256');
  readonly #socket: net.Socket;

  private constructor(
    file: string,
    readonly bits: number,
    attached: () => void,
  ) {
    const decoder = new Decoder();
    this.#socket = net.connect(file);
    this.ended = once(this.#socket, 'close');
    this.#socket.on('data', chunk => {
      for (const message of decoder.push(chunk))
        if (message.kind === 'exited') this.code = message.code;
        else if (message.kind === 'output') {
          this.received += message.chunk.length;
          this.#hash.update(message.chunk);
        } else if (message.kind === 'accepted') {
          this.#socket.pause();
          attached();
        }
    });
    // The answer to input of no bytes says that the frame before it was read.
    this.#socket.write(Buffer.from([97, bits, 0, 0, 0, 0, 0, 0, 105, 0, 0, 0, 0, 0, 0, 0]));
  }

  static async attach(file: string, bits: number): Promise<Reader> {
    let reader!: Reader;
    await new Promise<void>(resolve => {
      reader = new Reader(file, bits, resolve);
    });
    return reader;
  }

  resume(): void {
    this.#socket.resume();
  }

  get digest(): string {
    return this.#hash.copy().digest('hex');
  }
}

/** Numbered lines, so that a frame lost, doubled or out of order changes the sum. */
const lines = (count: number) => `seq 1 ${count}`;

function digestOf(count: number): string {
  const hash = createHash('sha256');
  for (let i = 1; i <= count; i++) hash.update(`${i}\n`);
  return hash.digest('hex');
}

/** A launcher that lets go lets Node end: these tests are not done then. */
const stay = setInterval(() => {}, 1000);
test.after(() => clearInterval(stay));

/** The size of the file that holds what clients have not taken; undefined where it was not needed yet. */
function heldBy(shim: Shim, { backlog }: SupervisedFiles): number | undefined {
  const fds = `/proc/${shim.process.pid}/fd`;
  const fd = fs.readdirSync(fds).find(fd => fs.readlinkSync(`${fds}/${fd}`).startsWith(backlog!));
  return fd === undefined ? undefined : fs.statSync(`${fds}/${fd}`).size;
}

const socketsOf = (shim: Shim) =>
  fs
    .readdirSync(`/proc/${shim.process.pid}/fd`)
    .filter(fd => fs.readlinkSync(`/proc/${shim.process.pid}/fd/${fd}`).startsWith('socket:')).length;

test('64 clients: hung ones hold up neither the process, nor its log, nor another; each gets all of it in order in the end', () =>
  supervised(
    `${lines(900_000)}; echo done >&2`,
    async (shim, files) => {
      const readers: Reader[] = [];
      for (let i = 0; i < 64; i++) readers.push(await Reader.attach(files.socket, i === 5 ? 4 : 2));
      const hung = new Set([3, 4, 5, 40]);
      for (const [i, reader] of readers.entries()) if (!hung.has(i)) reader.resume();
      shim.go();
      await shim.executed;
      shim.detach();
      const expected = digestOf(900_000);
      const total = 6_188_895;
      await eventually(() => {
        for (const [i, reader] of readers.entries()) if (!hung.has(i)) assert.is(reader.received, total, `client ${i}`);
      }, 60);
      assert.ok(fs.statSync(files.log).size > total, 'the log has it');
      for (const i of [3, 4, 40]) assert.ok(readers[i]!.received < total, `client ${i} hangs`);
      for (const i of hung) readers[i]!.resume();
      await Promise.all(readers.map(reader => reader.ended));
      for (const [i, reader] of readers.entries()) {
        if (i !== 5) assert.is(reader.digest, expected, `client ${i}`);
        assert.is(reader.code, 0, `client ${i}`);
      }
      assert.is(readers[5]!.received, 5, 'standard error alone');
    },
    { backlog: temporaryFolder('backlog') },
  ));

test('a client that is always behind loses nothing, however much passes by, and what waits for it has a bound', () =>
  supervised(
    lines(12_000_000),
    async (shim, files) => {
      const slow = await Reader.attach(files.socket, 2);
      shim.go();
      await shim.executed;
      shim.detach();
      // Less than a frame of the bound stays free.
      await eventually(() => assert.ok(heldBy(shim, files)! > (64 << 20) - 65_536), 20);
      assert.ok(heldBy(shim, files)! <= 64 << 20);
      assert.not.ok(fs.existsSync(files.backlog!), 'the file has no name');
      slow.resume();
      await slow.ended;
      assert.is(slow.code, 0);
      assert.is(slow.digest, digestOf(12_000_000));
    },
    { backlog: temporaryFolder('backlog') },
  ));

test('what nobody is behind with any more takes no disk', () =>
  supervised(
    `${lines(300_000)}; read line; echo more; read line`,
    async (shim, files) => {
      const slow = await Reader.attach(files.socket, 2);
      shim.client.attach(input);
      shim.go();
      await shim.executed;
      await eventually(() => assert.ok(heldBy(shim, files)! > 1 << 20));
      slow.resume();
      await eventually(() => assert.is(slow.received, 1_988_895));
      void shim.client.write(Buffer.from('\n'));
      await eventually(() => assert.is(heldBy(shim, files), 0));
      void shim.client.write(Buffer.from('\n'));
      await shim.exited;
    },
    { backlog: temporaryFolder('backlog') },
  ));

test('standard input ends with a client that attached so, and stays open when another leaves', () =>
  supervised('cat; echo end', async (shim, files) => {
    const said: Buffer[] = [];
    shim.onOutput((_stream, chunk) => void said.push(chunk));
    shim.client.attach(output);
    shim.go();
    await shim.executed;
    const before = socketsOf(shim);
    const type = async (line: string, endsInput: boolean): Promise<SupervisorConnection> => {
      const client = (await connectSupervisor(files.socket))!;
      client.client.attach(input, endsInput);
      await client.client.write(Buffer.from(`${line}\n`));
      return client;
    };
    for (const line of ['one', 'two']) (await type(line, false)).close();
    await eventually(() => assert.is(socketsOf(shim), before));
    const last = await type('three', true);
    await eventually(() => assert.is(Buffer.concat(said).toString(), 'one\ntwo\nthree\n'));
    last.close();
    assert.is(await shim.exited, 0);
    assert.is(Buffer.concat(said).toString(), 'one\ntwo\nthree\nend\n');
  }));

test('without a PID namespace orphans fall to the supervisor, and no zombie stays', async () => {
  const child = slot('child');
  const stdio = pipes({ interactive: false, user: { uid: 0, gid: 0 } });
  const shim = new Shim();
  // The subshell goes before its own child, which then is an orphan.
  const script = 'sh -c "sleep 0.5 & echo \\$!"; exec sleep 1000';
  shim.run(
    program({
      host: [...adoptOrphans(), ...stdio.host, cloneProcess([], child), ...stdio.parent],
      child: [...stdio.child, sync({ why: { en: 'attached before the first byte', zh: '在第一个字节之前接上' } })],
      exec: execute({ args: ['sh', '-c', script], env: ['PATH=/bin:/usr/bin'] }),
      supervise: { child, ...stdio.supervise },
    }),
  );
  try {
    await Promise.all([shim.supervised, shim.ready]);
    let said = '';
    shim.onOutput((_stream, chunk) => {
      said += chunk;
    });
    shim.client.attach(output);
    shim.go();
    await eventually(() => assert.match(said, /^\d+\n$/));
    const orphan = said.trim();
    await eventually(() => assert.is(statusField(Number(orphan), 'PPid'), String(shim.process.pid)));
    await eventually(() => assert.not.ok(fs.existsSync(`/proc/${orphan}`)));
    shim.client.signal(9);
    assert.is(await shim.exited, 137);
  } finally {
    await shim.abort();
  }
});

test.run();
