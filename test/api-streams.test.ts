// @mounts-nothing its subject is what the daemon does with readers that are slow, and with streams at its end
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { FrameReader } from '../src/api/frames.ts';
import { gzipped } from './support/archive.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { endProcesses, onExit } from './support/cleanup.ts';
import { type Daemon, startDaemon } from './support/daemon.ts';
import { eventually } from './support/eventually.ts';
import { faultyRegistry, testImage } from './support/faulty-registry.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';

/** Clients that do not read what they asked for, that give up waiting, and that are there when the daemon ends. */
const test = requires('root', 'overlayfs', 'busybox');

let box: BusyboxEngine;
let daemon: Daemon;

test.before(async () => {
  box = await busyboxEngine();
  daemon = await startDaemon(box);
});

/** So much is printed by containers here, in bytes: many times what the daemon may keep of it. */
const total = 130_000_000;
const line = `${'7'.repeat(999)}\n`;
const print = `yes ${line.trim()} | head -c ${total}`;
const expected = (() => {
  const hash = createHash('sha256');
  const many = line.repeat(10_000);
  for (let left = total; left > 0; left -= many.length) hash.update(many.slice(0, left));
  return hash.digest('hex');
})();

/** The most that the daemon's memory may grow meanwhile, in kB. */
const mostGrowth = 96 << 10;
const status = (field: string) =>
  Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${daemon.process.pid}/status`, 'utf8'))![1]);
/** From now on VmHWM is the peak: proc(5), clear_refs. */
function beginPeak(): number {
  writeFileSync(`/proc/${daemon.process.pid}/clear_refs`, '5');
  return status('VmRSS');
}
function assertFlat(before: number): void {
  const growth = status('VmHWM') - before;
  assert.ok(growth < mostGrowth, `the daemon took ${growth} kB more`);
}

const opened = () => {
  const folder = `/proc/${daemon.process.pid}/fd`;
  // One that was closed since it was listed has no link any more.
  return readdirSync(folder).flatMap(fd => {
    try {
      return [`${fd} ${readlinkSync(`${folder}/${fd}`)}`];
    } catch {
      return [];
    }
  });
};
const descriptors = () => opened().length;
/** How many the daemon has once their number was the same for a while. */
async function settledDescriptors(): Promise<number> {
  let [before, since] = [0, Date.now()];
  await eventually(() => {
    const now = descriptors();
    if (now !== before) [before, since] = [now, Date.now()];
    assert.ok(Date.now() - since > 500);
  }, 30);
  return before;
}
const assertClosed = (before: number) =>
  eventually(() => assert.ok(descriptors() <= before, `${before} before, now ${opened().join(', ')}`), 30);

/** A connection on which a request was sent, and that is not read until it is told to. */
class Reader {
  received = 0;
  head = '';
  /** Resolves with the digest of what came in frames (or, without, bare) when the daemon has ended its side. */
  readonly ended: Promise<string>;
  readonly #hash = createHash('sha256');
  readonly #frames = new FrameReader();
  #whole = '';

  private constructor(
    readonly socket: net.Socket,
    private readonly framed: boolean,
  ) {
    this.ended = new Promise((resolve, reject) => {
      socket.once('end', () => resolve(this.#hash.digest('hex')));
      socket.once('error', reject);
    });
    this.ended.catch(() => {});
    socket.on('data', chunk => this.#take(chunk));
  }

  static async ask(text: string, framed = true): Promise<Reader> {
    const socket = net.connect(daemon.socket);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const reader = new Reader(socket, framed);
    socket.write(text);
    await eventually(() => assert.match(reader.head, /\r\n\r\n/), 30);
    return reader;
  }

  /** All that came behind the head. */
  get text(): string {
    return this.#whole;
  }

  #take(chunk: Buffer): void {
    let rest = chunk;
    if (!this.head.includes('\r\n\r\n')) {
      const all = this.head + chunk.toString('latin1');
      const end = all.indexOf('\r\n\r\n') + 4;
      const isWhole = end >= 4;
      this.head = isWhole ? all.slice(0, end) : all;
      rest = Buffer.from(isWhole ? all.slice(end) : '', 'latin1');
    }
    if (!this.framed) {
      this.received += rest.length;
      this.#whole += rest.toString('latin1');
      return;
    }
    for (const { content } of this.#frames.push(rest)) {
      this.received += content.length;
      this.#hash.update(content);
    }
  }
}

const hijack = (path: string, body = '') =>
  `POST ${path} HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\n` +
  `Content-Length: ${body.length}\r\n\r\n${body}`;
const post = (path: string) => `POST ${path} HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n`;
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: d\r\n\r\n`;

async function create(name: string, script: string): Promise<void> {
  const body = { Image: 'bb', Cmd: ['sh', '-c', script], HostConfig: { NetworkMode: 'none' }, AttachStdout: true };
  const { status, text } = await daemon.ask('POST', `/containers/create?name=${name}`, body);
  assert.is(status, 201, text);
}

test('attach: who does not read costs the daemon no memory, and neither the log nor another client anything', async () => {
  await create('chatty', print);
  const before = beginPeak();
  const slow = await Reader.ask(hijack('/containers/chatty/attach?stream=1&stdout=1'));
  slow.socket.pause();
  assert.is((await daemon.ask('POST', '/containers/chatty/start')).status, 204);
  // Another one that reads: it is given all that the container may print while the first one sleeps.
  const quick = await Reader.ask(hijack('/containers/chatty/attach?stream=1&stdout=1'));
  const logged = await Reader.ask(get('/containers/chatty/logs?follow=1&stdout=1'), false);
  logged.socket.pause();
  await eventually(() => assert.ok(quick.received > 32 << 20, String(quick.received)), 60);
  assert.ok(slow.received < 1 << 20);
  assert.is((await daemon.ask('GET', '/_ping')).text, 'OK');
  assert.is(await box.inside('chatty', 'echo alive'), 'alive');
  assertFlat(before);
  slow.socket.resume();
  assert.is(await slow.ended, expected);
  assert.is(slow.received, total);
  await quick.ended;
  assertFlat(before);
  logged.socket.destroy();
  for (const { socket } of [slow, quick]) socket.destroy();
});

test('logs: all is there, and read no faster than it is taken', async () => {
  await daemon.ask('POST', '/containers/chatty/wait');
  const before = beginPeak();
  const reader = await Reader.ask(get('/containers/chatty/logs?stdout=1').replace('1.1', '1.0'));
  reader.socket.pause();
  reader.socket.resume();
  assert.is(await reader.ended, expected);
  assertFlat(before);
  assert.is((await daemon.ask('DELETE', '/containers/chatty')).status, 204);
});

test('exec: who does not read and goes leaves nothing, and the command is not hung up', async () => {
  const id = await box.start('exec sleep 600');
  const atFirst = await settledDescriptors();
  const before = beginPeak();
  const made = await daemon.ask('POST', `/containers/${id}/exec`, {
    Cmd: ['sh', '-c', `${print}; echo over >/over`],
    AttachStdout: true,
  });
  const slow = await Reader.ask(hijack(`/exec/${made.json.Id}/start`, '{}'));
  slow.socket.pause();
  await eventually(
    async () => assert.is((await daemon.ask('GET', `/exec/${made.json.Id}/json`)).json.Running, true),
    30,
  );
  assertFlat(before);
  slow.socket.destroy();
  await eventually(async () => assert.is(await box.inside(id, 'cat /over'), 'over'), 60);
  assertFlat(before);
  await assertClosed(atFirst);
  await box.ok(['rm', '-f', id]);
});

test('minidock -H: a pipe that nobody reads holds up the container, not the daemon', async () => {
  const before = beginPeak();
  const args = ['-H', daemon.host, 'run', '--rm', '--network', 'none', '--log-driver', 'none', 'bb', 'sh', '-c', print];
  const child = spawn(minidockPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onExit(() => endProcesses([child.pid ?? 0]));
  const exited = new Promise(resolve => child.once('exit', resolve));
  // Until its pipe is full, and all that comes behind it.
  await eventually(() => assert.ok(child.stdout.readableLength > 0), 60);
  await eventually(async () => assert.match(await box.ok(['ps', '-q']), /./), 30);
  const hash = createHash('sha256');
  child.stdout.on('data', chunk => hash.update(chunk));
  assert.is(await exited, 0);
  assert.is(hash.digest('hex'), expected);
  assertFlat(before);
});

test('wait is told the end, also while a client has not taken the output', async () => {
  await create('brief', 'head -c 8000000 /dev/zero; exit 3');
  const slow = await Reader.ask(hijack('/containers/brief/attach?stream=1&stdout=1'));
  slow.socket.pause();
  await daemon.ask('POST', '/containers/brief/start');
  assert.is((await daemon.ask('POST', '/containers/brief/wait')).json.StatusCode, 3);
  slow.socket.resume();
  await slow.ended;
  assert.is(slow.received, 8_000_000);
  slow.socket.destroy();
  await daemon.ask('DELETE', '/containers/brief?force=1');
});

test('two clients that attach before the start both get the output, and both give input', async () => {
  const cat = { Image: 'bb', Cmd: ['sh', '-c', 'echo out; echo err >&2; exec cat'], OpenStdin: true };
  await daemon.ask('POST', '/containers/create?name=shared', { ...cat, HostConfig: { NetworkMode: 'none' } });
  const attach = (query: string) => Reader.ask(hijack(`/containers/shared/attach?stream=1&stdin=1&${query}`), false);
  const [one, two] = [await attach('stdout=1'), await attach('stdout=1&stderr=1')];
  assert.is((await daemon.ask('POST', '/containers/shared/start')).status, 204);
  await eventually(() => {
    for (const { text } of [one, two]) assert.match(text, /out\n/);
    assert.match(two.text, /err\n/);
  }, 30);
  assert.not.match(one.text, /err/);
  one.socket.write('from one\n');
  two.socket.write('from two\n');
  await eventually(() => {
    for (const { text } of [one, two]) for (const words of [/from one\n/, /from two\n/]) assert.match(text, words);
  }, 30);
  one.socket.destroy();
  two.socket.write('alone\n');
  await eventually(() => assert.match(two.text, /alone\n/), 30);
  assert.is((await daemon.ask('POST', '/containers/shared/kill')).status, 204);
  await two.ended;
  two.socket.destroy();
  await daemon.ask('DELETE', '/containers/shared');
});

test('the body of a request that takes the connection over is no input, also in chunks', async () => {
  const id = await box.start('exec cat', '-i');
  const inChunks = (path: string, body: string) =>
    hijack(path).replace(/Content-Length: 0\r\n\r\n/, `Transfer-Encoding: chunked\r\n\r\n${body}`);
  const attached = await Reader.ask(
    inChunks(`/containers/${id}/attach?stream=1&stdin=1&stdout=1`, '2\r\n{}\r\n0\r\n\r\ntyped\n'),
    false,
  );
  await eventually(() => assert.match(attached.text, /typed\n/), 30);
  assert.not.match(attached.text, /\{|0/);
  attached.socket.destroy();
  const { json } = await daemon.ask('POST', `/containers/${id}/exec`, { Cmd: ['echo', 'within'], AttachStdout: true });
  const inside = await Reader.ask(
    inChunks(`/exec/${json.Id}/start`, '11\r\n{"Detach": false,\r\nc\r\n"Tty":false}\r\n0\r\n\r\n'),
    false,
  );
  await inside.ended;
  assert.match(inside.text, /within\n$/);
  const wrong = net.connect(daemon.socket).on('error', () => {});
  const answer = new Promise<string>(resolve => {
    let text = '';
    wrong.on('data', chunk => (text += chunk)).once('close', () => resolve(text));
  });
  wrong.write(inChunks(`/containers/${id}/attach?stream=1&stdout=1`, 'no chunk\r\n'));
  assert.match(await answer, /^HTTP\/1.1 400 [\s\S]*not well chunked/);
  await box.ok(['rm', '-f', id]);
});

test('who attached to what cannot be started is let go, of an exec with the reason', async () => {
  await daemon.ask('POST', '/containers/create?name=never', {
    ...{ Image: 'bb', Cmd: ['/nosuch'] },
    HostConfig: { NetworkMode: 'none' },
  });
  const early = await Reader.ask(hijack('/containers/never/attach?stream=1&stdout=1'));
  assert.is((await daemon.ask('POST', '/containers/never/start')).status, 400);
  await early.ended;
  early.socket.destroy();
  await daemon.ask('DELETE', '/containers/never');
  const id = await box.start('exec sleep 600');
  const { json } = await daemon.ask('POST', `/containers/${id}/exec`, { Cmd: ['/nosuch'], AttachStdout: true });
  const inside = await Reader.ask(hijack(`/exec/${json.Id}/start`, '{}'), false);
  await inside.ended;
  assert.match(inside.text, /"\/nosuch": no such file/);
  inside.socket.destroy();
  await box.ok(['rm', '-f', id]);
});

test('a client that reads nothing delays neither the removal of a container nor its next start, and still gets all', async () => {
  const much = 'head -c 8000000 /dev/zero; exit 3';
  const HostConfig = { NetworkMode: 'none', AutoRemove: true };
  await daemon.ask('POST', '/containers/create?name=gone', { Image: 'bb', Cmd: ['sh', '-c', much], HostConfig });
  const early = await Reader.ask(hijack('/containers/gone/attach?stream=1&stdout=1'));
  early.socket.pause();
  await daemon.ask('POST', '/containers/gone/start');
  await eventually(async () => assert.is((await daemon.ask('GET', '/containers/gone/json')).status, 404), 30);

  // Nobody here waits for this one: the keeper has its end.
  await daemon.ask('POST', '/containers/create?name=again', {
    ...{ Image: 'bb', Cmd: ['sh', '-c', `read go; ${much}`], OpenStdin: true },
    HostConfig: { NetworkMode: 'none', RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 1 } },
  });
  await daemon.ask('POST', '/containers/again/start');
  const late = await Reader.ask(hijack('/containers/again/attach?stream=1&stdin=1&stdout=1'));
  late.socket.pause();
  late.socket.write('go\n');
  await eventually(async () => {
    const { RestartCount, State } = (await daemon.ask('GET', '/containers/again/json')).json;
    assert.equal([RestartCount, State.Status], [1, 'running']);
  }, 60);
  for (const slow of [early, late]) {
    slow.socket.resume();
    await slow.ended;
    assert.is(slow.received, 8_000_000);
    slow.socket.destroy();
  }
  assert.is((await daemon.ask('DELETE', '/containers/again?force=1')).status, 204);
});

test('a pull, a push or a load whose client vanishes ends; nothing half-made is left, and the next one goes on', async () => {
  const layers = [await gzipped([{ name: 'one', content: 'x'.repeat(1000) }])];
  const image = testImage([...layers, await gzipped([{ name: 'two', content: randomBytes(300_000).toString('hex') }])]);
  const registry = await faultyRegistry();
  registry.put('app:1', image);
  const before = await settledDescriptors();
  let [asked, hungUp] = [0, 0];
  const configDigest = JSON.parse(image.manifest.toString()).config.digest;
  const silent = (url: RegExp) => {
    [asked, hungUp] = [0, 0];
    registry.intercept = (request, response) => {
      if (!url.test(`${request.method} ${request.url}`)) return false;
      asked++;
      response.once('close', () => hungUp++);
      // A part of a layer comes.
      const blob = image.blobs.get(request.url!.split('/').at(-1)!);
      if (blob !== undefined && blob.length > 100_000)
        response.writeHead(200, { 'content-length': blob.length }).write(blob.subarray(0, 100_000));
      return true;
    };
  };
  const half = (folder = join(box.root, 'images/.partial')) =>
    existsSync(folder) ? readdirSync(folder).filter(name => !/^[0-9a-f]{64}$/.test(name)) : [];
  const vanish = async (text: string) => {
    const socket = net.connect(daemon.socket);
    socket.on('error', () => {}).write(text);
    await eventually(() => assert.ok(asked > 0), 30);
    socket.destroy();
    await eventually(() => assert.ok(hungUp >= asked), 10);
    await eventually(() => assert.equal(half(), []), 10);
  };
  const pull = `/images/create?fromImage=${registry.host}/app&tag=1`;
  for (const place of [/manifests\/1$/, new RegExp(configDigest), new RegExp(image.layers[1]!)]) {
    silent(place);
    await vanish(post(pull));
    assert.is((await daemon.ask('GET', `/images/${registry.host}/app:1/json`)).status, 404);
  }
  registry.intercept = () => false;
  assert.match((await daemon.ask('POST', pull)).text, /Downloaded newer image/);

  silent(/^(POST|PUT|HEAD) /);
  const auth = `X-Registry-Auth: ${Buffer.from('{}').toString('base64')}\r\n`;
  await vanish(post(`/images/${registry.host}/app/push?tag=1`).replace('Host: d\r\n', `Host: d\r\n${auth}`));
  assert.is((await daemon.ask('DELETE', `/images/${registry.host}/app:1`)).status, 200);
  registry.close();
  await assertClosed(before);
});

test('five hundred waits that are given up leave nothing open', async () => {
  const id = await box.start('exec sleep 600');
  const exec = await daemon.ask('POST', `/containers/${id}/exec`, { Cmd: ['sleep', '600'] });
  await daemon.ask('POST', `/exec/${exec.json.Id}/start`, { Detach: true });
  const before = await settledDescriptors();
  for (let i = 0; i < 10; i++) {
    const waits = await Promise.all(
      Array.from({ length: 50 }, () => Reader.ask(post(`/containers/${id}/wait`), false)),
    );
    for (const { socket } of waits) socket.destroy();
  }
  await assertClosed(before);
  // The supervisor of the container has its places again.
  assert.is(await box.inside(id, 'echo alive'), 'alive');
  await box.ok(['rm', '-f', id]);
});

test('clients that vanish in the middle of an archive, an export, a save, an upload or a build leave nothing open', async () => {
  const id = await box.start('head -c 20000000 /dev/zero >/big; echo made; exec sleep 600');
  await eventually(async () => assert.match(await box.ok(['logs', id]), /made/), 30);
  const before = await settledDescriptors();
  // Four megabytes of a tar archive that are announced, of which one comes.
  const half = (verb: string, path: string) =>
    `${verb} ${path} HTTP/1.1\r\nHost: d\r\nContent-Type: application/x-tar\r\nContent-Length: 4194304\r\n\r\n${'\0'.repeat(1 << 20)}`;
  const uploads = [
    half('PUT', `/containers/${id}/archive?path=/`),
    half('POST', '/images/load'),
    half('POST', '/build'),
  ];
  for (const text of uploads) {
    const socket = net.connect(daemon.socket);
    socket.on('error', () => {});
    await new Promise<void>(resolve => socket.write(text, () => resolve()));
    socket.destroy();
  }
  for (const path of [`/containers/${id}/archive?path=/big`, `/containers/${id}/export`, '/images/get?names=bb']) {
    const { socket } = await Reader.ask(get(path), false);
    socket.pause();
    socket.destroy();
  }
  await assertClosed(before);
  assert.is(await box.inside(id, 'echo alive'), 'alive');
  assert.is((await daemon.ask('GET', '/containers/json')).status, 200);
  await box.ok(['rm', '-f', id]);
});

test('SIGTERM: streams end as streams do, who waits is told, and containers live on', async () => {
  // This one says what it is asked.
  await daemon.end();
  daemon = await startDaemon(box, ['--debug']);
  const id = await box.start('echo up; exec sleep 600', '-i');
  const exec = await daemon.ask('POST', `/containers/${id}/exec`, {
    Cmd: ['sh', '-c', 'echo within; exec sleep 600'],
    AttachStdout: true,
  });
  const attached = await Reader.ask(hijack(`/containers/${id}/attach?stream=1&stdin=1&stdout=1`));
  const inside = await Reader.ask(hijack(`/exec/${exec.json.Id}/start`, '{}'));
  await eventually(() => assert.is(inside.received, 'within\n'.length), 30);
  const chunked = await Promise.all(
    [get(`/containers/${id}/logs?follow=1&stdout=1`), get('/events'), get(`/containers/${id}/stats`)].map(text =>
      Reader.ask(text, false),
    ),
  );
  const waits = await Reader.ask(post(`/containers/${id}/wait`), false);
  const remote = ['logs', 'attach', 'wait'].map(verb => {
    const args = verb === 'logs' ? ['logs', '-f', id] : [verb, id];
    const child = spawn(minidockPath, ['-H', daemon.host, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    onExit(() => endProcesses([child.pid ?? 0]));
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', chunk => {
        said += chunk;
      });
    return { said: () => said, exited: new Promise<number>(resolve => child.once('exit', resolve)) };
  });
  await eventually(() => {
    for (const asked of [/\/logs/g, /\/attach/g, /\/wait/g])
      assert.is(daemon.output().match(asked)?.length, 2, daemon.output());
    assert.match(remote[0]!.said(), /up/);
  }, 30);
  const began = Date.now();
  assert.is(await daemon.end(), 0);
  assert.ok(Date.now() - began < 15_000);
  for (const { ended } of [attached, inside, waits, ...chunked]) await ended;
  for (const { text } of [...chunked, waits]) assert.match(text, /(^|\r\n)0\r\n(.*\r\n)*\r\n$/);
  assert.match(waits.text, /\{"Error":\{"Message":"the daemon is stopping"\},"StatusCode":-1\}/);
  for (const { exited, said } of remote) {
    assert.is.not(await exited, 0);
    assert.match(said(), /^minidock: the daemon is stopping$/m);
  }
  assert.match(await box.ok(['ps', '--no-trunc', '-q']), new RegExp(id));
  assert.equal(
    readdirSync(dirname(daemon.socket)).filter(name => name.startsWith('minidock.sock')),
    [],
  );
  await box.ok(['rm', '-f', id]);
});

test.run();
