import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findLesson } from './catalog.ts';
import { Progress } from './progress.ts';

const ids = ['03-uts-namespace', '04-pid-namespace', '05-mount-namespace', '06-pivot-root', '10-ps'];

test('a lesson is found by number, name, or the beginning of its name', () => {
  for (const query of ['04', '4', '04-pid-namespace', 'pid-namespace', 'pid', 'PID', 'lessons/04-pid-namespace/'])
    assert.is(findLesson(query, ids), '04-pid-namespace', query);
  assert.is(findLesson('pivot', ids), '06-pivot-root');
  assert.is(findLesson('mount', ids), '05-mount-namespace');
  assert.is(findLesson('ps', [...ids, '11-ps-flags']), '10-ps', 'a whole name goes before a beginning');
  assert.is(findLesson('name', [...ids, '12-names']), '12-names', 'a beginning goes before a part');
});

test('what means none or several is refused by name', () => {
  assert.throws(() => findLesson('99', ids), /no lesson "99"/);
  assert.throws(() => findLesson('nonsense', ids), /no lesson "nonsense"/);
  assert.throws(() => findLesson('v', ids), /no lesson "v"/);
  assert.throws(() => findLesson('namespace', ids), /"namespace" means several lessons: 03-uts-namespace, 04/);
  assert.throws(() => findLesson('p', ids), /several/);
});

test('progress outlives renumbering, and a damaged file is an empty one', () => {
  const state = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-test-progress-'));
  try {
    const env = { XDG_STATE_HOME: state };
    assert.not(Progress.load(env).isDone('04-pid-namespace'));
    Progress.load(env).markDone('04-pid-namespace');
    assert.ok(Progress.load(env).isDone('05-pid-namespace'));
    assert.not(Progress.load(env).isDone('04-other'));
    fs.writeFileSync(path.join(state, 'minidock/lessons.json'), '{');
    assert.not(Progress.load(env).isDone('04-pid-namespace'));
  } finally {
    fs.rmSync(state, { recursive: true });
  }
});

test('a state folder that cannot be made loses the memory only', () => {
  const progress = Progress.load({ XDG_STATE_HOME: '/dev/null' });
  progress.markDone('01-process');
  assert.ok(progress.isDone('01-process'));
});

test.run();
