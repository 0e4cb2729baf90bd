import { existsSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { endProcesses } from '../support/cleanup.ts';
import { eventually } from '../support/eventually.ts';
import { isOver, judge } from './judge.ts';
import { type Ended, runProcess, type Start } from './process.ts';

/** What uvu prints at the end of two tests that passed. */
const closing = 'printf "  Total:     2\\n  Passed:    2\\n  Skipped:   0\\n  Duration:  1ms\\n"';
const forever = 'while :; do sleep 0.05; done';

const shell = (script: string, limits: Partial<Start> = {}): Promise<Ended> =>
  runProcess({
    command: ['sh', '-c', script],
    cwd: '/',
    env: process.env,
    seconds: 60,
    over: { is: isOver, seconds: 60 },
    ...limits,
  });
const judged = ({ output, code }: Ended) => {
  const { passed, failed } = judge(output, code);
  return [passed, failed];
};

/** No time at all once it has printed this. */
const endAt = (text: RegExp) => ({ over: { is: (output: string) => text.test(output), seconds: 0 } });

test('a file that hangs has failed', async () => {
  const ended = await shell(forever, { seconds: 0.3 });
  assert.equal([ended.code, ...judged(ended)], ['SIGTERM', 0, 1]);
  assert.match(ended.output, '\nended: it still ran after 0.3 s\n');
});

test('it is let clean up', async () => {
  const ended = await shell(`trap 'echo cleaned; exit 0' TERM; echo begun; ${forever}`, endAt(/begun/));
  assert.equal([ended.code, ...judged(ended)], [0, 0, 1]);
  assert.match(ended.output, /^cleaned$/m);
});

test('one that does not want to end is killed, and all that it started in its group', async () => {
  const script = `trap '' TERM; sh -c 'echo $$; ${forever}' & ${forever}`;
  const ended = await shell(script, { ...endAt(/\d+\n/), graceSeconds: 0.2 });
  assert.equal([ended.code, ...judged(ended)], ['SIGKILL', 0, 1]);
  const pid = ended.output.split('\n')[0];
  await eventually(() => !existsSync(`/proc/${pid}`) || /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')));
});

test('one that hangs after its last test has failed, with what it said once more', async () => {
  const ended = await shell(`${closing}; while :; do echo; sleep 0.05; done`, { over: { is: isOver, seconds: 0.3 } });
  assert.equal([ended.code, ...judged(ended)], ['SIGTERM', 2, 1]);
  assert.is(ended.output.match(/ended: it still ran 0.3 s after its last test/g)?.length, 1);
});

test('a crash, an early exit and a bad end have failed', async () => {
  const crashed = await shell('echo half; kill -SEGV $$');
  assert.equal([crashed.code, ...judged(crashed)], ['SIGSEGV', 0, 1]);
  assert.equal(judged(await shell('echo nothing more')), [0, 1]);
  assert.equal(judged(await shell(`${closing}; kill -KILL $$`)), [2, 1]);
  assert.equal(judged(await shell(`${closing}; exit 3`)), [2, 1]);
  assert.equal(judged(await shell(closing)), [2, 0]);
  const missing = await runProcess({ command: ['/nonexistent'], cwd: '/', env: process.env, seconds: 60 });
  assert.equal(judged(missing), [0, 1]);
});

test('one that has ended, and its output with it, is not waited for', async () => {
  const began = Date.now();
  for (let i = 0; i < 30; i++) await shell('echo');
  const took = Date.now() - began;
  // Half a second each would be 15 s.
  assert.ok(took < 10_000, `${took} ms`);
});

test('a process that keeps the output of a file open does not keep the runner', async () => {
  const ended = await shell(`sleep 50 & echo $!; ${closing}`);
  assert.equal(judged(ended), [2, 0]);
  endProcesses([Number(ended.output.split('\n')[0])]);
});

test.run();
