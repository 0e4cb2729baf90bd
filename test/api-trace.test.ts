// @mounts-nothing its subject is what is told of requests
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import type { TraceEvent } from '../src/api/trace/model.ts';
import { openEngine } from '../src/engine/local.ts';
import { type ServedEngine, serveEngine } from './support/api-server.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';

/** What a command asks of the API, and what that makes the engine and the kernel do. */
const test = requires('root', 'overlayfs', 'busybox');

let box: BusyboxEngine;
let served: ServedEngine;

test.before(async () => {
  box = await busyboxEngine();
  served = await serveEngine(openEngine(box, { bridge: box.bridge }), box);
});
test.after(() => served.close());

const run = [minidockPath, 'run', '--rm', '--network', 'none', 'bb'];

async function eventsOf(...command: string[]): Promise<{ code: number | undefined; events: TraceEvent[] }> {
  const { exitCode, stdout, stderr } = await box.minidock(['api', 'trace', '--format', 'json', ...command]);
  const lines = String(stdout)
    .split('\n')
    .filter(line => line.startsWith('{'));
  assert.ok(lines.length > 0, String(stderr));
  return { code: exitCode, events: lines.map(line => JSON.parse(line)) };
}

const of = <K extends TraceEvent['kind']>(events: TraceEvent[], kind: K) =>
  events.filter((event): event is Extract<TraceEvent, { kind: K }> => event.kind === kind);

test('run is four requests, each one call of the engine; the start is a program of the kernel', async () => {
  const { code, events } = await eventsOf(...run, 'sh', '-c', 'exit 3');
  assert.is(code, 3);
  const targets = of(events, 'request').map(({ verb, target }) => `${verb} ${target.replace(/[0-9a-f]{64}/, 'ID')}`);
  assert.equal(targets, [
    'POST /containers/create',
    'POST /containers/ID/attach?arguments=%5B%7B%22stdin%22%3Afalse%2C%22stdout%22%3Atrue%2C%22stderr%22%3Atrue%7D%5D',
    'POST /containers/ID/wait',
    'POST /containers/ID/start',
  ]);
  const calls = of(events, 'call').map(({ method }) => method);
  assert.equal(calls, ['containers.create', 'containers.attach', 'containers.wait', 'containers.start']);
  const steps = of(events, 'steps');
  const words = steps.map(({ section, text }) => `${section}: ${text}`).join('\n');
  assert.match(words, /host: .*seal/);
  assert.match(words, /child: .*pivot_root/);
  assert.match(words, /exec: /);
  // As many as the program has, with the sealing before it.
  const planned = JSON.parse(await box.ok(['run', '--dry-run=json', '--network', 'none', 'bb', 'sh', '-c', 'exit 3']));
  const count = steps.filter(({ section }) => section === 'child').reduce((sum, step) => sum + step.count, 0);
  assert.is(count, planned.child.length);
  // A connection that is taken over is answered before it carries anything.
  const order = events.map(event =>
    event.kind === 'answer' ? String(event.status) : event.kind === 'call' ? event.method : event.kind,
  );
  assert.ok(order.indexOf('101') < order.indexOf('containers.start'), order.join(' '));
  // Each call returns within its request, and each request is answered.
  assert.is(of(events, 'return').length, 4);
  assert.equal(
    of(events, 'answer')
      .map(({ status }) => status)
      .sort(),
    [101, 200, 200, 200],
  );
});

test('what fails is told where it fails', async () => {
  const { code, events } = await eventsOf(...run, '/nosuch');
  assert.is(code, 127);
  assert.match(
    of(events, 'return')
      .map(({ failed }) => failed ?? '')
      .join(),
    /"\/nosuch": no such file/,
  );
  assert.ok(of(events, 'answer').some(({ status }) => status === 400));
});

test('the diagram stands behind what the command printed; the picture in a file', async () => {
  const { exitCode, stdout } = await box.minidock(['api', 'trace', '--', ...run, 'echo', 'hello']);
  assert.is(exitCode, 0);
  assert.match(
    String(stdout),
    /^hello\nclient +daemon +engine +kernel\n[\s\S]*POST \/containers\/create[\s\S]*pivot_root/,
  );
  const file = join(temporaryFolder('trace'), 'run.svg');
  await box.ok(['api', 'trace', '--svg', file, ...run, 'true']);
  assert.match(readFileSync(file, 'utf8'), /^<svg [\s\S]*pivot_root[\s\S]*<\/svg>\n$/);
});

test('a daemon that runs is watched, with a command or until Ctrl-C', async () => {
  const host = `unix://${served.socket}`;
  const env = { NODE_EXTRA_CA_CERTS: undefined, MINIDOCK_HOST: host };
  const { stdout, exitCode } = await execa(minidockPath, ['api', 'trace', ...run, 'true'], { env, reject: false });
  assert.is(exitCode, 0);
  assert.match(stdout, /containers\.start\([\s\S]*pivot_root/);
  const watching = execa(minidockPath, ['api', 'trace'], { env, reject: false, timeout: 60_000 });
  let shown = '';
  watching.stdout!.on('data', chunk => {
    shown += chunk;
  });
  await eventually(async () => {
    await execa(minidockPath, ['images', '-q'], { env });
    assert.match(shown, /GET \/images\/json/);
  }, 20);
  watching.kill('SIGINT');
  assert.is((await watching).exitCode, 0);
});

test('without a command or a daemon there is nothing to watch', async () => {
  const nothing = await box.minidock(['api', 'trace']);
  assert.is(nothing.exitCode, 1);
  assert.match(String(nothing.stderr), /watches a command that it runs, or the daemon that -H names/);
  const missing = await box.minidock(['api', 'trace', 'no-such-program']);
  assert.equal([missing.exitCode, missing.stderr], [127, 'minidock: cannot run "no-such-program": no such program']);
});

test.run();
