import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Job, runInLanes } from './lanes.ts';

/** Jobs that end in the order in which they are let go, and a record of what ran beside what. */
function jobs(specs: Record<string, Partial<Job>>) {
  const running = new Set<string>();
  const beside: [string, string[]][] = [];
  const list = Object.entries(specs).map(
    ([name, spec]): Job => ({
      exclusive: false,
      rank: 0,
      ...spec,
      run: async () => {
        running.add(name);
        beside.push([name, [...running].sort()]);
        for (let i = 0; i < 3; i++) await Promise.resolve();
        running.delete(name);
      },
    }),
  );
  return { list, beside };
}

test('the highest rank begins first, no more than the lanes run at once, and exclusive ones run alone', async () => {
  const { list, beside } = jobs({
    b: { rank: 2 },
    alone: { rank: 9, exclusive: true },
    a: { rank: 3 },
    c: { rank: 1 },
    lonely: { exclusive: true },
  });
  await runInLanes(list, { count: 2, stopped: () => false });
  assert.equal(
    beside.map(([name]) => name),
    ['a', 'b', 'c', 'alone', 'lonely'],
  );
  assert.equal(beside[1], ['b', ['a', 'b']]);
  assert.ok(beside.every(([, others]) => others.length <= 2));
  assert.equal(beside.slice(3), [
    ['alone', ['alone']],
    ['lonely', ['lonely']],
  ]);
});

test('while the machine has room, one more runs beside the lanes', async () => {
  const { list, beside } = jobs({ a: { rank: 3 }, b: { rank: 2 }, c: { rank: 1 }, d: {} });
  let asked = 0;
  await runInLanes(list, { count: 1, stopped: () => false, hasRoom: async () => asked++ > 0 });
  assert.is(beside.length, 4);
  assert.equal(beside[0], ['a', ['a']]);
  assert.ok(asked > 1);
  assert.is(Math.max(...beside.map(([, others]) => others.length)), 2);
});

test('once stopped, no job begins', async () => {
  const { list, beside } = jobs({ a: {}, b: {}, c: {}, d: { exclusive: true } });
  await runInLanes(list, { count: 2, stopped: () => beside.length >= 2 });
  assert.is(beside.length, 2);
});

test.run();
