import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { stackTrace } from './support/attempts.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { context } from './support/context.ts';
import { eventually } from './support/eventually.ts';
import { type Case, chosen, strikeAll } from './support/faults/chosen.ts';
import { heldBy } from './support/faults/held.ts';
import { inject } from './support/faults/inject.ts';
import { pointsOf } from './support/faults/points.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';

/**
 * SIGKILL, and errors of the kernel, at the state-changing calls of a build. After each the same build succeeds, out of the cache as far
 * as it came, and nothing is left. All of them: `npm run test:crash`; which of them strike, `support/faults/chosen.ts` tells.
 */
// @mounts-nothing what RUN mounts is what `run` mounts, and that is looked at elsewhere
const test = requires('root', 'overlayfs', 'strace', 'gcc', 'busybox');
const namesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);

/** What the next command of a user finds that it should not. */
async function aftermath(box: BusyboxEngine, folder: string): Promise<string[]> {
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
  const idle = [await busyboxEngine()];
  const cases = chosen('build', await pointsOf(idle[0]!, command), 8);
  const { wrong, struck } = await strikeAll(cases, {
    open: async () => idle.pop() ?? (await busyboxEngine()),
    strike: (box, one) => strike(box, command, folder, one),
    close: box => box.close(),
    end: async () => [],
  });
  assert.equal(wrong, []);
  assert.ok(struck >= cases.length * 0.5, `${struck} of ${cases.length} faults struck`);
});

/** One fault, and all that the next build finds. */
async function strike(box: BusyboxEngine, command: string[], folder: string, { point, fault }: Case) {
  const outcome = await inject(box, command, point, fault);
  const problems = await aftermath(box, folder);
  if (outcome.timedOut) problems.push('it hangs');
  if (stackTrace.test(outcome.output)) problems.push('it crashed');
  return { outcome, problems };
}

test.run();
