import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { RestartPolicy } from '../options/restart.ts';
import type { ContainerState } from '../record.ts';
import { nextRestart, restartTime, startsAtBoot, stateAfterEnd } from './restart.ts';

const policy = (name: RestartPolicy['name'], maximumRetryCount = 0): RestartPolicy => ({ name, maximumRetryCount });

/** The state after a run of so many seconds. */
const ended = (seconds: number, more: Partial<ContainerState> = {}): ContainerState => ({
  status: 'exited',
  pid: 0,
  exitCode: 1,
  error: '',
  oomKilled: false,
  startedAt: new Date(0).toISOString(),
  finishedAt: new Date(seconds * 1000).toISOString(),
  ...more,
});

test('the wait doubles from 100 ms to a minute', () => {
  const delays: number[] = [];
  let state = ended(1);
  for (let i = 0; i < 12; i++) {
    const restarts = nextRestart(policy('always'), state)!;
    assert.is(restarts.count, i + 1);
    delays.push(restarts.delayMs);
    state = { ...state, restarts };
  }
  assert.equal(delays, [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000]);
});

test('after a run of ten seconds the wait begins anew, and the count goes on', () => {
  const restarts = { count: 7, delayMs: 12800 };
  assert.equal(nextRestart(policy('always'), ended(10, { restarts })), { count: 8, delayMs: 100 });
  assert.equal(nextRestart(policy('always'), ended(9, { restarts })), { count: 8, delayMs: 25600 });
});

test('on-failure: by exit code, up to its count', () => {
  assert.is(nextRestart(policy('on-failure'), ended(1, { exitCode: 0 })), undefined);
  assert.is(nextRestart(policy('on-failure'), ended(1))?.count, 1);
  assert.is(nextRestart(policy('on-failure', 2), ended(1, { restarts: { count: 1, delayMs: 100 } }))?.count, 2);
  assert.is(nextRestart(policy('on-failure', 2), ended(1, { restarts: { count: 2, delayMs: 200 } })), undefined);
});

test('no policy, and no container that a user stopped', () => {
  assert.is(nextRestart(undefined, ended(1)), undefined);
  assert.is(nextRestart(policy('no'), ended(1)), undefined);
  assert.is(nextRestart(policy('always'), ended(1, { stopped: true })), undefined);
  assert.is(nextRestart(policy('unless-stopped'), ended(1, { exitCode: 0 }))?.count, 1);
});

test('who asked for the end: a user keeps it so, the machine leaves it to the next boot', () => {
  const after = (asked?: 'user' | 'machine') => stateAfterEnd(policy('unless-stopped'), ended(1), asked);
  assert.equal([after().status, after('user').status, after('machine').status], ['restarting', 'exited', 'exited']);
  assert.not.ok(startsAtBoot(policy('unless-stopped'), after('user')));
  assert.ok(startsAtBoot(policy('unless-stopped'), after('machine')));
});

test('the time is the end and the wait; of an end in the future, now and the wait', () => {
  const state = ended(5, { restarts: { count: 1, delayMs: 400 } });
  assert.is(restartTime(state, 6000), 5400);
  assert.is(restartTime(state, 1000), 1400);
});

test('at boot: always; unless-stopped and failed on-failure unless stopped; never what was never started', () => {
  const boots = (name: RestartPolicy['name'], more: Partial<ContainerState> = {}, most = 0) =>
    startsAtBoot(policy(name, most), ended(1, more));
  assert.ok(boots('always'));
  assert.ok(boots('always', { stopped: true }));
  assert.not.ok(boots('always', { startedAt: undefined }));
  assert.ok(boots('unless-stopped'));
  assert.not.ok(boots('unless-stopped', { stopped: true }));
  assert.ok(boots('on-failure', { exitCode: 255 }));
  assert.not.ok(boots('on-failure', { exitCode: 255, stopped: true }));
  assert.not.ok(boots('on-failure', { exitCode: 0 }));
  assert.not.ok(boots('on-failure', { restarts: { count: 3, delayMs: 100 } }, 3));
  assert.not.ok(boots('no'));
});

test.run();
