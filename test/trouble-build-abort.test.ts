import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execaSync } from 'execa';
import * as assert from 'uvu/assert';
import type { BuildEvent } from '../src/build/events.ts';
import type { Engine } from '../src/engine/engine.ts';
import { openEngine } from '../src/engine/local.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { context } from './support/context.ts';
import { requires } from './support/requires.ts';

/** A build that is given up: at each thing that it tells, at once and a moment later. It ends, and nothing of it is left. */
// @mounts-nothing what RUN mounts is what `run` mounts, and that is looked at elsewhere
const test = requires('root', 'busybox', 'overlayfs');
let box: BusyboxEngine;
let engine: Engine;

const dockerfile = `FROM bb AS one
RUN --mount=type=cache,target=/c,sharing=locked --mount=type=secret,id=s,mode=0440 echo one > /one
FROM bb
COPY --from=one /one /one
COPY f /f
WORKDIR /new
RUN sleep 1000
`;

test.before(async () => {
  box = await busyboxEngine();
  engine = openEngine({ root: box.root, execRoot: box.execRoot }, { bridge: box.bridge });
});

function build(folder: string, abort: AbortSignal, tell: (event: BuildEvent) => void) {
  return engine.builder.build(
    {
      dockerfile: { name: 'Dockerfile', content: readFileSync(join(folder, 'Dockerfile')) },
      context: folder,
      tags: ['given-up'],
      args: {},
      noCache: true,
      labels: {},
      network: 'none',
      extraHosts: [],
      secrets: { s: { value: 'hush' } },
      abort,
    },
    tell,
  );
}

/** Ways of giving up once something was told: within the call, with the next turn of the loop, with a timer. */
const ways: ((action: () => void) => unknown)[] = [
  action => action(),
  action => setImmediate(action),
  action => setTimeout(action, 20),
];

/** Gives a build up after so many events; what it told, and why it ended. */
async function givenUp(folder: string, after: number, way: (action: () => void) => unknown) {
  const told: string[] = [];
  const control = new AbortController();
  const reason = new Error('given up');
  const error = await build(folder, control.signal, event => {
    told.push(event.kind);
    if (told.length === after) way(() => control.abort(reason));
  }).then(
    () => undefined,
    thrown => thrown,
  );
  return { told, isAborted: error === reason, error };
}

async function assertNothingLeft(what: string): Promise<void> {
  const { containers } = await engine.containers.list({ all: true });
  assert.equal(containers, [], what);
  assert.equal(readdirSync(join(box.root, 'build/running')), [], what);
  assert.equal(readdirSync(join(box.execRoot, 'build')), [], what);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  assert.equal(
    mounts.filter(line => line.includes(box.folder)),
    [],
    what,
  );
  assert.equal(
    readdirSync(join(box.root, 'build/mounts'))
      .filter(name => name.endsWith('.lock'))
      .map(name => readdirSync(join(box.root, 'build/mounts', name))[0]),
    ['free'],
    what,
  );
}

test('given up at any event, a build ends for that reason and leaves nothing', async () => {
  const folder = context({ Dockerfile: dockerfile, f: 'f' });
  // The first one makes the folders that are looked into below, and tells how many events there are up to the last RUN.
  let events = 0;
  const control = new AbortController();
  await build(folder, control.signal, ({ kind, stage }) => {
    events++;
    if (kind === 'running' && stage === 1) control.abort(new Error('enough'));
  }).catch(() => {});
  assert.ok(events > 15, String(events));
  await assertNothingLeft('the first one');
  for (let after = 1; after <= events; after++) {
    const { isAborted, error, told } = await givenUp(folder, after, ways[after % ways.length]!);
    const what = `after ${after} events, ${told[after - 1]}, in way ${after % ways.length}`;
    assert.ok(isAborted, `${what}: ${error?.stack}`);
    await assertNothingLeft(what);
  }
  assert.is(await box.ok(['images', '-q', 'given-up']), '');
});

test('a step that waits for a cache which another build has for itself is given up, too', async () => {
  const holding = context({
    Dockerfile: 'FROM bb\nRUN --mount=type=cache,target=/c,sharing=locked sleep 1000\n',
  });
  const control = new AbortController();
  let runs: () => void = () => {};
  const isRunning = new Promise<void>(resolve => {
    runs = resolve;
  });
  const first = build(holding, control.signal, ({ kind }) => {
    if (kind === 'running') runs();
  }).catch(() => {});
  await isRunning;
  const second = new AbortController();
  const waiting = build(holding, second.signal, ({ kind }) => {
    if (kind === 'step') setTimeout(() => second.abort(new Error('no patience')), 100);
  });
  await waiting.then(
    () => assert.unreachable(),
    error => assert.is(error.message, 'no patience'),
  );
  control.abort();
  await first;
  await assertNothingLeft('both');
});

test('a container of a step that cannot be removed is removed by the next build, though the process of the first one lives', async () => {
  const folder = context({ Dockerfile: 'FROM bb\nRUN true\n' });
  const go = new AbortController().signal;
  let bundle = '';
  try {
    await build(folder, go, event => {
      if (event.kind !== 'running') return;
      const containers = join(box.root, 'containers');
      bundle = join(containers, readdirSync(containers).find(name => name.startsWith(event.container))!);
      // What is a mount point is not renamed (EBUSY), as on a disk that has errors.
      execaSync('mount', ['--bind', bundle, bundle]);
    });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, 'EBUSY');
  } finally {
    execaSync('umount', [bundle]);
  }
  await build(folder, go, () => {});
  await assertNothingLeft('the next one');
  await box.ok(['rmi', 'given-up']);
});

test.run();
