import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bundled } from '../../test/support/bundled.ts';
import { Progress } from './progress.ts';

/** A state folder for one test. */
async function withState(action: (env: NodeJS.ProcessEnv, file: string) => Promise<void>): Promise<void> {
  const state = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-test-progress-'));
  try {
    await action({ XDG_STATE_HOME: state }, path.join(state, 'minidock/lessons.json'));
  } finally {
    fs.rmSync(state, { recursive: true });
  }
}

test('what was seen is not passed; both outlive renumbering', () =>
  withState(async env => {
    assert.not(Progress.load(env).isSeen('04-pid-namespace'));
    await Progress.load(env).markSeen('04-pid-namespace');
    assert.ok(Progress.load(env).isSeen('05-pid-namespace'));
    assert.not(Progress.load(env).isPassed('04-pid-namespace'));
    await Progress.load(env).markPassed('04-pid-namespace', 'abc');
    assert.ok(Progress.load(env).isPassed('pid-namespace'));
    assert.is(Progress.load(env).passedHash('07-pid-namespace'), 'abc');
    assert.not(Progress.load(env).isSeen('04-other'));
    assert.not(Progress.load(env).isPassed('constructor'));
    await Progress.load(env).countHint('pid-namespace', 2);
    await Progress.load(env).forget('04-pid-namespace');
    assert.not(Progress.load(env).isPassed('pid-namespace'));
    assert.is(Progress.load(env).hintsShown('pid-namespace'), 0);
    assert.ok(Progress.load(env).isSeen('pid-namespace'));
  }));

test('the file of an older version goes on', () =>
  withState(async (env, file) => {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, '{"done":{"process":"2026-01-02"}}');
    await Progress.load(env).markPassed('process', 'h');
    assert.ok(Progress.load(env).isSeen('process'));
    assert.is(JSON.parse(fs.readFileSync(file, 'utf8')).done.process, '2026-01-02');
  }));

for (const content of ['{', '[]', 'null', '{"passed":{"process":1}}', '{"done":[]}', '{"hints":{"process":-1}}'])
  test(`a file that makes no sense is kept aside, and said so in one line: ${content}`, () =>
    withState(async (env, file) => {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, content);
      const said: string[] = [];
      const { write } = process.stderr;
      process.stderr.write = ((text: string) => said.push(text) > 0) as typeof write;
      try {
        await Progress.load(env).markPassed('uts-namespace', 'h');
      } finally {
        process.stderr.write = write;
      }
      assert.is(said.length, 1);
      assert.match(
        said[0]!,
        /^lesson: the progress file .* makes no sense; it is kept as lessons\.json\.broken-\S+, .*\n$/,
      );
      const kept = fs.readdirSync(path.dirname(file)).filter(name => name.includes('.broken-'));
      assert.equal(
        kept.map(name => fs.readFileSync(path.join(path.dirname(file), name), 'utf8')),
        [content],
      );
      assert.ok(Progress.load(env).isPassed('uts-namespace'));
    }));

test('many writers at once lose nothing', () =>
  withState(async env => {
    const module = bundled(new URL('progress.ts', import.meta.url));
    const code = `const { Progress } = await import(${JSON.stringify(module)});
      for (const n of [1, 2, 3]) await Progress.load().markPassed(process.argv[1] + n, 'h');`;
    const writers = ['a', 'b', 'c', 'd'].map(
      name =>
        new Promise(resolve =>
          spawn(process.execPath, ['--input-type=module', '-e', code, name], {
            env: { ...process.env, ...env },
            stdio: 'inherit',
          }).once('exit', resolve),
        ),
    );
    assert.equal(await Promise.all(writers), [0, 0, 0, 0]);
    const progress = Progress.load(env);
    for (const name of ['a', 'b', 'c', 'd']) for (const n of [1, 2, 3]) assert.ok(progress.isPassed(name + n));
  }));

test('a state folder that cannot be made loses the memory only', async () => {
  const progress = Progress.load({ XDG_STATE_HOME: '/dev/null' });
  await progress.markSeen('01-process');
  assert.ok(progress.isSeen('01-process'));
});

test.run();
