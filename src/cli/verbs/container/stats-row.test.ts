import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContainerStats } from '../../../engine/nouns/containers.ts';
import { statsListing, statsRow } from './stats-row.ts';

const first: ContainerStats = {
  ...{ id: 'a'.repeat(64), name: 'web', running: true, at: 0n, cpuNanoseconds: 5n, pids: 3 },
  memory: { usedBytes: 32370688, limitBytes: 33554432 },
  network: { received: 1450, sent: 876 },
  block: { read: 0, written: 4_096_000 },
};
const line = (now: ContainerStats, before?: ContainerStats) => {
  const row = statsRow('web', now, before, { truncate: true });
  return statsListing.columns.map(column => row[column]).join(' | ');
};

test('a share of the time between two readings, sizes in Docker’s units', () => {
  const now = { ...first, at: 1_000_000_000n, cpuNanoseconds: 1_500_000_005n };
  assert.is(
    line(now, first),
    'aaaaaaaaaaaa | web | 150.00% | 30.87MiB / 32MiB | 96.47% | 1.45kB / 876B | 0B / 4.1MB | 3',
  );
});

test('a first reading says nothing yet, and one that does not run uses nothing', () => {
  assert.is(line(first), 'aaaaaaaaaaaa | web | -- | -- / -- | -- | -- | -- | --');
  const none = { received: 0, sent: 0 };
  const off = { ...first, running: false, cpuNanoseconds: 0n, memory: { usedBytes: 0, limitBytes: 0 }, pids: 0 };
  assert.is(
    line({ ...off, network: none, block: { read: 0, written: 0 } }),
    'aaaaaaaaaaaa | web | 0.00% | 0B / 0B | 0.00% | 0B / 0B | 0B / 0B | 0',
  );
});

test('started again in between: no negative share', () => {
  assert.match(line({ ...first, at: 9n, cpuNanoseconds: 1n }, { ...first, cpuNanoseconds: 7n }), '| 0.00% |');
});

test.run();
