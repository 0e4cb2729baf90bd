import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { context } from './support/context.ts';
import { eventually } from './support/eventually.ts';
import { type Fault, faultsAt, heldBy, inject, type Point, pointsOf } from './support/inject.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';

/**
 * SIGKILL, and errors of the kernel, at the state-changing calls of a build. After each the same build succeeds, out of the cache as far
 * as it came, and nothing is left. All of them: `npm run test:crash`; else every so many-th, others at each MINIDOCK_SEED.
 */
// @mounts-nothing what RUN mounts is what `run` mounts, and that is looked at elsewhere
const test = requires('root', 'overlayfs', 'strace', 'busybox');
const full = process.env.MINIDOCK_FULL === '1';
const seed = Number(process.env.MINIDOCK_SEED ?? 0);
const sample = 8;
const trace = /^\s+at .*(:\d+:\d+|<anonymous>)\)?$/m;
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});

const describe = ({ call, n, roles }: Point, fault: Fault) => `${fault} at ${call} ${n} (${roles.join(', ')})`;

const namesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);

/** What the next command of a user finds that it should not. */
async function aftermath(folder: string): Promise<string[]> {
  const problems: string[] = [];
  const again = await box.minidock(['build', '--network', 'none', '-t', 'built', folder], { all: true });
  if (again.exitCode !== 0) problems.push(`the next build: ${again.exitCode} ${again.all}`);
  const shown = await box.minidock(['run', '--rm', '--network', 'none', 'built', 'cat', '/made', '/f'], { all: true });
  if (shown.all !== 'made\nf') problems.push(`what it made: ${shown.all}`);
  const left = async () => [
    ...String((await box.minidock(['ps', '-aq'])).stdout)
      .split('\n')
      .filter(Boolean)
      .map(id => `container ${id}`),
    ...heldBy(box).filter(line => !/bundle \.(new|dead)-/.test(line)),
    ...namesIn(join(box.root, 'build/running')).map(name => `folder ${name}`),
    ...namesIn(join(box.execRoot, 'build')).map(name => `secrets ${name}`),
    ...namesIn(join(box.root, 'build/mounts')).filter(name => !/^[0-9a-f]{64}$/.test(name)),
  ];
  await eventually(async () => assert.equal(await left(), []), 10).catch(async () => problems.push(...(await left())));
  if (problems.length > 0) await box.removeAll();
  return problems;
}

test('a build that is killed or refused a call at any moment leaves a usable cache and nothing else', async () => {
  const folder = context({
    Dockerfile: `FROM bb
RUN --mount=type=cache,target=/c --mount=type=secret,id=s,mode=0400 echo made > /made
COPY f /f
ENV A=1
`,
    f: 'f\n',
  });
  const words = ['build', '--no-cache', '--network', 'none', '-t', 'built', '--secret', 'id=s,env=HOME', folder];
  const command = [minidockPath, ...words];
  const points = await pointsOf(box, command);
  const all = points.flatMap(point => faultsAt(point).map(fault => ({ point, fault })));
  const step = all.length / sample;
  const offset = (seed * 0.6180339887) % 1;
  const chosen = full ? all : Array.from({ length: sample }, (_, i) => all[Math.floor((i + offset) * step)]!);
  console.log(`  ${points.length} calls, ${all.length} faults, ${chosen.length} of them now (seed ${seed})`);
  const wrong: string[] = [];
  let struck = 0;
  for (const { point, fault } of chosen) {
    const outcome = await inject(box, command, point, fault);
    struck += outcome.struck ? 1 : 0;
    const problems = await aftermath(folder);
    if (outcome.timedOut) problems.push('it hangs');
    if (trace.test(outcome.output)) problems.push('it crashed');
    if (problems.length > 0)
      wrong.push(`${describe(point, fault)}\n${problems.join('\n')}\nit said: ${outcome.output}`);
  }
  assert.equal(wrong, []);
  assert.ok(struck >= chosen.length * 0.5, `${struck} of ${chosen.length} faults struck`);
});

test.run();
