// @mounts-nothing its subject is who hears what
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import * as assert from 'uvu/assert';
import { parseHost } from '../src/api/client/host.ts';
import { remoteEngine } from '../src/api/client/remote.ts';
import type { ContainerOptions } from '../src/container/record.ts';
import { EngineAccess } from '../src/engine/access.ts';
import { LocalContainers } from '../src/engine/containers/local.ts';
import type { Engine } from '../src/engine/engine.ts';
import { openEngine } from '../src/engine/local.ts';
import { MinidockError } from '../src/errors.ts';
import type { Event } from '../src/state/journal.ts';
import { containerPaths } from '../src/state/paths.ts';
import { printProgram, programToJson } from '../src/syscalls/print.ts';
import { type ServedEngine, serveEngine } from './support/api-server.ts';
import { archive } from './support/archive.ts';
import { busyboxEngine } from './support/busybox.ts';
import { eventually } from './support/eventually.ts';
import type { Sandbox } from './support/minidock.ts';
import { requires } from './support/requires.ts';

/**
 * What every engine does, whoever asks it and from where. Two engines on the same roots: one makes and starts, the other only knows
 * what stands on disk. Each is in this process (a command line without a daemon), or is asked through a daemon's socket.
 */
const root = requires('root', 'overlayfs', 'busybox');

let box: Sandbox;
let engines: Record<'local' | 'beside' | 'remote', Engine>;
let maker: Engine;
let other: Engine;
let served: ServedEngine;

root.before(async () => {
  box = await busyboxEngine();
  const local = () => openEngine(box, { bridge: box.bridge });
  served = await serveEngine(local(), box);
  const remote = remoteEngine(parseHost(served.socket));
  engines = { local: local(), beside: local(), remote };
});
root.after(() => served.close());

/** One case for each of the pairs. */
function test(name: string, run: () => Promise<void>): void {
  const pairs = [
    ['local', 'beside'],
    ['remote', 'local'],
    ['local', 'remote'],
  ] as const;
  for (const [first, second] of pairs)
    root(`${first} and ${second}: ${name}`, async () => {
      maker = engines[first];
      other = engines[second];
      await run();
    });
}

const wish = (command: string[], more: Partial<ContainerOptions> = {}): ContainerOptions => ({
  image: 'bb',
  command,
  env: [],
  tty: false,
  interactive: false,
  attach: { stdin: false, stdout: true, stderr: true },
  autoRemove: false,
  ports: [],
  volumes: [],
  network: 'none',
  ...more,
});
const streams = { stdin: false, stdout: true, stderr: true };

test('who attaches and waits before the start misses nothing', async () => {
  const { id, warnings } = await maker.containers.create(wish(['sh', '-c', 'echo out; echo err >&2; exit 3']));
  assert.equal(warnings, []);
  const attachment = await maker.containers.attach(id, streams);
  const exit = maker.containers.wait(id, { condition: 'next-exit' });
  let output = '';
  attachment.onOutput((stream, chunk) => {
    output += `${stream} ${chunk}`;
  });
  await maker.containers.start(id);
  assert.is(await exit, 3);
  assert.equal(output.split('\n').sort(), ['', 'stderr err', 'stdout out']);
  assert.is(await other.containers.wait(id), 3);
});

root(
  'who waits before the start misses nothing also where the keeper was killed and another one is started',
  async () => {
    const access = new EngineAccess(box, { bridge: box.bridge });
    const { id } = await engines.local.containers.create(wish(['sh', '-c', 'exit 3'], { autoRemove: true }));
    const { bundle } = containerPaths(box, id);
    let isWaiting = false;
    // Of those that find no keeper at once one starts it, and the others are sooner done: here as late as can be.
    access.attend = async () => void (isWaiting && (await eventually(() => !existsSync(bundle))));
    const containers = new LocalContainers(access);
    await containers.attach(id, streams);
    isWaiting = true;
    const exit = containers.wait(id, { condition: 'next-exit' });
    exit.catch(() => {});
    isWaiting = false;
    await containers.start(id);
    assert.is(await exit, 3);
  },
);

test('another engine joins a container that runs: streams, signals, and its end', async () => {
  const { id } = await maker.containers.create(
    wish(['sh', '-c', 'trap "echo caught; exit 9" USR1; echo ready; while read line; do echo "got $line"; done'], {
      interactive: true,
    }),
  );
  await maker.containers.start(id);
  const attachment = await other.containers.attach(id, { ...streams, stdin: true });
  let output = '';
  attachment.onOutput((_, chunk) => {
    output += chunk;
  });
  await attachment.write(Buffer.from('hello\n'));
  await eventually(() => assert.match(output, /got hello\n/));
  const exit = other.containers.wait(id);
  const given = new AbortController();
  const abandoned = other.containers.wait(id, { abort: given.signal }).catch(error => error);
  given.abort(new Error('no patience'));
  assert.is((await abandoned).message, 'no patience');
  await other.containers.signal(id, 10);
  await attachment.write(Buffer.from('more\n'));
  assert.is(await exit, 9);
  assert.match(output, /caught\n/);
  assert.is((await maker.containers.inspect(id)).record.state.exitCode, 9);
});

test('who gives up a stop leaves the container to whoever asks next; who gives up a save has no more of it', async () => {
  const { id } = await maker.containers.create(
    wish(['sh', '-c', 'trap "echo asked" TERM; echo ready; while :; do sleep 0.1; done']),
  );
  await maker.containers.start(id);
  // Before it has its trap it hears no SIGTERM, and would not be asked a second time.
  await eventually(async () => assert.is((await all(maker.containers.logs(id, { follow: false }))).flat().length, 1));
  const attachment = await other.containers.attach(id, streams);
  const given = new AbortController();
  attachment.onOutput(() => given.abort(new Error('no patience')));
  const stopped = await maker.containers.stop(id, { timeoutSeconds: 1000, abort: given.signal }).catch(error => error);
  assert.is(stopped?.message, 'no patience');
  assert.is((await other.containers.inspect(id)).record.state.status, 'running');
  await other.containers.stop(id, { timeoutSeconds: 0 });
  assert.is((await maker.containers.inspect(id)).record.state.exitCode, 137);

  let chunks = 0;
  const enough = new AbortController();
  const write = () => {
    if (++chunks === 3) enough.abort(new Error('disk full'));
  };
  const saved = await maker.images.save(['bb'], write, enough.signal).catch(error => error);
  assert.equal([saved?.message, chunks], ['disk full', 3]);
});

test('an exec has an id before it runs, and is started once', async () => {
  const { id } = await maker.containers.create(wish(['sleep', '100']));
  await maker.containers.start(id);
  const { id: exec } = await other.execs.create(id, {
    command: ['sh', '-c', 'echo inside; exit 4'],
    env: [],
    tty: false,
    interactive: false,
  });
  let output = '';
  // Made by one engine, started by the other.
  const attachment = await maker.execs.attach(exec, streams);
  attachment.onOutput((_, chunk) => {
    output += chunk;
  });
  const exit = maker.execs.wait(exec);
  await maker.execs.start(exec);
  assert.is(await exit, 4);
  assert.is(output, 'inside\n');
  assert.match(
    (await other.execs.start(exec).catch(error => error)).message,
    /^Error: Exec command .* has already run$/,
  );
  await maker.containers.stop(id, { timeoutSeconds: 0 });
  const wrong = await maker.execs
    .create(id, { command: ['true'], env: [], tty: false, interactive: false })
    .catch(e => e);
  assert.is(wrong.code, 'not-running');
});

test('a container that cannot be started is kept, or removed where it was made with --rm', async () => {
  const { containers } = maker;
  const kept = await containers.create(wish(['/no/such/command']));
  const gone = await containers.create(wish(['/no/such/command'], { autoRemove: true }));
  assert.is((await containers.start(kept.id).catch(error => error)).code, 'command-not-found');
  assert.is((await containers.start(gone.id).catch(error => error)).code, 'command-not-found');
  assert.is((await containers.inspect(kept.id)).record.state.status, 'created');
  assert.is((await containers.inspect(gone.id).catch(error => error)).code, 'no-such-container');
});

test('one engine hears what the other does', async () => {
  const stop = new AbortController();
  const heard: Event[] = [];
  const listening = (async () => {
    for await (const event of other.system.events({ abort: stop.signal })) heard.push(event);
  })();
  // A listener in another process is not there at once.
  await eventually(async () => {
    await maker.images.tag('bb', 'noise');
    assert.ok(heard.length > 0);
  });
  const { id } = await maker.containers.create(wish(['sh', '-c', 'exit 5'], { name: 'heard', autoRemove: true }));
  const exit = maker.containers.wait(id, { condition: 'next-exit' });
  await maker.containers.start(id);
  await exit;
  await eventually(() => assert.ok(heard.some(({ action }) => action === 'destroy')));
  stop.abort();
  await listening;
  const mine = heard.filter(event => event.id === id);
  assert.equal(
    mine.map(({ action }) => action),
    ['create', 'start', 'die', 'destroy'],
  );
  assert.equal(mine[2]!.attributes, { exitCode: '5', image: 'bb', name: 'heard' });
  const past: string[] = [];
  for await (const { id: one, action } of maker.system.events({ since: new Date(0), until: new Date() }))
    if (one === id) past.push(action);
  assert.equal(past, ['create', 'start', 'die', 'destroy']);
});

test('who let go of what was started here can still signal, size and end it', async () => {
  const { id } = await maker.containers.create(
    wish(['sh', '-c', 'trap "exit 9" USR1; while :; do sleep 0.05; done'], { tty: true, interactive: true }),
  );
  const attachment = await maker.containers.attach(id, { ...streams, stdin: true });
  await maker.containers.start(id);
  attachment.detach();
  await eventually(async () => assert.is((await other.containers.inspect(id)).record.state.status, 'running'));
  await maker.containers.resize(id, { rows: 12, columns: 34 });
  const exit = maker.containers.wait(id);
  await eventually(async () => {
    // It may not listen yet, or may have ended meanwhile.
    await maker.containers.signal(id, 10).catch(error => assert.is(error.code, 'not-running'));
    assert.is((await other.containers.inspect(id)).record.state.status, 'exited');
  });
  assert.is(await exit, 9);
  await other.containers.remove(id, { force: true, volumes: true });
});

test('files go in and come out, byte by byte', async () => {
  const { id } = await maker.containers.create(wish(['true']));
  const content = randomBytes(3 << 20);
  const sent = await archive([{ name: 'file', content, mode: 0o640 }]);
  await maker.containers.extract(id, '/tmp', chunksOf(sent));
  assert.equal(await other.containers.statPath(id, '/tmp/file'), {
    path: '/tmp/file',
    kind: 'file',
    stat: { size: 3 << 20, mode: 0o100640, modified: '2020-09-13T12:26:40.000Z' },
  });
  const back = Buffer.concat(await all(other.containers.archive(id, '/tmp/file')));
  assert.ok(back.includes(content));
  assert.equal(await maker.containers.changes(id), await other.containers.changes(id));
  assert.is((await maker.containers.statPath(id, '/nosuch')).kind, 'missing');
  const codes = await Promise.all([
    codeOf(all(maker.containers.archive(id, '/nosuch'))),
    codeOf(maker.containers.extract(id, '/nosuch', chunksOf(sent))),
    codeOf(maker.containers.extract(id, '/tmp', chunksOf(Buffer.from('no archive')))),
  ]);
  assert.equal(codes, ['no-such-file', 'no-such-file', 'corrupt-archive']);
  await maker.containers.remove(id, { force: true, volumes: true });
});

test('images, volumes and networks are made by one and known to the other', async () => {
  const { id } = await maker.images.import(Readable.from([await archive([{ name: 'a', content: 'b' }])]), {
    reference: 'made',
    changes: ['LABEL __proto__=x'],
  });
  assert.is((await other.images.inspect('made')).id, id);
  const chunks: Buffer[] = [];
  await other.images.save(['made'], chunk => void chunks.push(chunk));
  const loaded: string[] = [];
  const removed = await maker.images.remove(['made', 'nosuch'], { force: false, prune: true });
  assert.instance(removed.outcomes[1], MinidockError);
  assert.is((removed.outcomes[1] as MinidockError).code, 'no-such-image');
  await maker.images.load(Readable.from(chunks), { onProgress: event => loaded.push(event.kind) });
  assert.ok(loaded.includes('loaded'));
  await maker.images.remove([id], { force: true, prune: true });

  await maker.volumes.create({ name: 'box', labels: { a: '' } });
  assert.equal(await other.volumes.inspect('box'), await maker.volumes.inspect('box'));
  await other.volumes.remove('box', { force: false });
  assert.is(await codeOf(maker.volumes.inspect('box')), 'no-such-volume');
  assert.equal(await maker.networks.list(), await other.networks.list());
  assert.is(
    await codeOf(maker.networks.create({ name: 'none' })),
    await codeOf(other.networks.create({ name: 'none' })),
  );
  assert.is(await codeOf(maker.images.pull('127.0.0.1:1/a', { onProgress: () => {} })), 'registry-unreachable');
});

test('a build is told of as it goes, and what fails says where', async () => {
  const heard: string[] = [];
  const wanted = { tags: [], args: {}, labels: {}, extraHosts: [], secrets: {} };
  const dockerfile = (text: string) => ({ name: 'Dockerfile', content: Buffer.from(text) });
  const { id } = await maker.builder.build({ ...wanted, dockerfile: dockerfile('FROM bb\nENV A=b\n') }, event =>
    heard.push(event.kind),
  );
  assert.equal(heard.filter(kind => kind === 'step').length, 2);
  assert.match((await other.images.inspect(id)).id, /^sha256:/);
  const error = await maker.builder
    .build({ ...wanted, dockerfile: dockerfile('FROM bb\nRUM x\n') }, () => {})
    .catch(e => e);
  assert.is(error.code, 'dockerfile');
  assert.match(`${error.message}${error.excerpt}`, /RUM/);
});

root('what is asked for is the same data on both sides', async () => {
  const { local, remote } = engines;
  const { id } = await local.containers.create(
    wish(['sh', '-c', 'echo out; echo err >&2; sleep 1000'], { labels: { ['__proto__']: '1' } }),
  );
  await local.containers.start(id);
  const reads: ((engine: Engine) => Promise<unknown>)[] = [
    engine => engine.containers.list({ all: true, size: true }),
    engine => engine.containers.inspect(id, { size: true }),
    engine => engine.containers.top(id, ['-o', 'pid,comm']),
    engine => engine.containers.changes(id),
    engine => engine.containers.statPath(id, '/etc'),
    engine => engine.images.list(),
    engine => engine.images.history('bb'),
    engine => engine.networks.list(),
    engine => engine.volumes.list(),
    engine => engine.execs.list(id),
    engine => engine.system.info(),
    engine => engine.system.diskUsage(),
    async engine => {
      const program = await engine.containers.plan(wish(['true'], { name: 'planned' }), 'a'.repeat(64));
      return [printProgram(program, { unfold: true }), programToJson(program)];
    },
    engine => all(engine.containers.logs(id, { follow: false })),
    engine => codeOf(engine.containers.inspect('nosuch')),
    engine => codeOf(engine.containers.pause('nosuch')),
    engine => codeOf(engine.containers.create(wish([], { memory: 1 }))),
  ];
  await eventually(async () => assert.is((await all(local.containers.logs(id, { follow: false }))).flat().length, 2));
  for (const read of reads) assert.equal(await read(remote), await read(local), String(read));
  const { at, ...stats } = await remote.containers.stats(id);
  assert.is(typeof at, 'bigint');
  assert.is(stats.running, true);
  await local.containers.remove(id, { force: true, volumes: true });
});

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'nothing went wrong',
    error => error.code as string,
  );

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const one of source) list.push(one);
  return list;
}

async function* chunksOf(content: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += 100_000) yield content.subarray(at, at + 100_000);
}

root.run();
