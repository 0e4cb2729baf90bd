import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContainerRecord, Health, ProbeResult } from '../record.ts';
import { healthAfter, healthAtStart, healthCheckOf, mergeHealth } from './health.ts';

const checkOf = (Healthcheck: Record<string, unknown> | undefined, Shell?: string[]) =>
  healthCheckOf({ config: { Healthcheck, Shell } } as Pick<ContainerRecord, 'config'>);
const result = (exitCode: number, second = 0): ProbeResult => ({
  start: new Date(second * 1000).toISOString(),
  end: new Date(second * 1000).toISOString(),
  exitCode,
  output: '',
});

test('a check: Docker’s defaults, the image’s shell, nanoseconds', () => {
  assert.equal(checkOf({ Test: ['CMD-SHELL', 'true'] }), {
    command: ['/bin/sh', '-c', 'true'],
    intervalMs: 30_000,
    timeoutMs: 30_000,
    startPeriodMs: 0,
    retries: 3,
  });
  assert.equal(checkOf({ Test: ['CMD-SHELL', 'true'] }, ['/bin/bash', '-ec'])?.command, ['/bin/bash', '-ec', 'true']);
  assert.equal(checkOf({ Test: ['CMD', '/check', 'a b'], Interval: 5e8, Timeout: 1e9, StartPeriod: 2e9, Retries: 1 }), {
    command: ['/check', 'a b'],
    intervalMs: 500,
    timeoutMs: 1000,
    startPeriodMs: 2000,
    retries: 1,
  });
});

test('no check: none, NONE, and what no Docker wrote', () => {
  for (const Test of [undefined, [], ['NONE'], ['CMD'], 'hostile', [1], ['OTHER', 'true']])
    assert.is(checkOf({ Test, Interval: 'soon' }), undefined);
  assert.is(checkOf(undefined), undefined);
});

test('flags go before the image, one by one', () => {
  const image = { Test: ['CMD', 'a'], Interval: 1e9, Retries: 5 };
  assert.equal(mergeHealth(image, undefined), image);
  assert.equal(mergeHealth(image, { Retries: 2, Timeout: 0 }), { Test: ['CMD', 'a'], Interval: 1e9, Retries: 2 });
  assert.equal(mergeHealth(image, { Test: ['NONE'] })?.Test, ['NONE']);
  assert.equal(mergeHealth(undefined, { Test: ['CMD-SHELL', 'x'] }), { Test: ['CMD-SHELL', 'x'] });
});

test('unhealthy after so many failures in a row, healthy at once, and the last five results', () => {
  const check = checkOf({ Test: ['CMD', 'x'], Retries: 2 })!;
  let health: Health = healthAtStart;
  const told: string[] = [];
  for (const code of [1, 0, 1, 0, 1, 1, 1, 0]) {
    health = healthAfter(check, health, result(code), 0);
    told.push(`${health.status} ${health.failingStreak}`);
  }
  assert.equal(told, [
    'starting 1',
    'healthy 0',
    'healthy 1',
    'healthy 0',
    'healthy 1',
    'unhealthy 2',
    'unhealthy 3',
    'healthy 0',
  ]);
  assert.equal(
    health.log.map(({ exitCode }) => exitCode),
    [0, 1, 1, 1, 0],
  );
});

test('failures in the start period do not count, until it was healthy once', () => {
  const check = checkOf({ Test: ['CMD', 'x'], Retries: 1, StartPeriod: 10e9 })!;
  const early = healthAfter(check, healthAtStart, result(1, 5), 0);
  assert.equal([early.status, early.failingStreak, early.log.length], ['starting', 0, 1]);
  assert.is(healthAfter(check, early, result(1, 11), 0).status, 'unhealthy');
  const healthy = healthAfter(check, early, result(0, 6), 0);
  assert.is(healthAfter(check, healthy, result(1, 7), 0).status, 'unhealthy');
});

test.run();
