import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { call } from './calls.ts';
import { differenceOf, differenceToJson, type Stretch } from './difference.ts';
import { type Program, program, type Step } from './step.ts';

const why = { en: 'a reason', zh: '理由' };
const step = (pid: number): Step => call('kill', [pid, 0], { why });
const host = (...pids: number[]): Program => program({ host: pids.map(step) });

/** `=2 -1 +3`: how many steps are the same, and which stand on one side only. */
function shape(left: Program, right: Program): string {
  const [section] = differenceOf(left, right);
  const one = (stretch: Stretch) =>
    stretch.kind === 'same'
      ? `=${stretch.count}`
      : [...stretch.without.map(({ number }) => `-${number}`), ...stretch.with.map(({ number }) => `+${number}`)].join(
          ' ',
        );
  return (section?.stretches ?? []).map(one).join(' ');
}

test('equal steps are counted, others stand with the number that they have in their own program', () => {
  assert.is(shape(host(1, 2, 3), host(1, 2, 3)), '=3');
  assert.is(shape(host(1, 2, 3), host(1, 9, 3)), '=1 -2 +2 =1');
  assert.is(shape(host(1, 2), host(1, 5, 6, 2)), '=1 +2 +3 =1');
  assert.is(shape(host(1, 5, 2), host(1, 2)), '=1 -2 =1');
  assert.is(shape(host(), host(7)), '+1');
  assert.is(shape(host(1, 2, 3, 4), host(4, 3, 2, 1)).match(/=/g)?.length, 1);
});

test('what both have in common is as long as it can be', () => {
  for (let round = 0; round < 50; round++) {
    const random = () => Array.from({ length: 12 }, () => Math.floor(Math.random() * 4));
    const [left, right] = [random(), random()];
    const same = [...shape(host(...left), host(...right)).matchAll(/=(\d+)/g)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
    assert.is(same, longest(left, right), `${left} / ${right}`);
  }
});

/** By definition, and slowly. */
function longest(left: readonly number[], right: readonly number[]): number {
  if (left.length === 0 || right.length === 0) return 0;
  const [a, ...as] = left;
  const [b, ...bs] = right;
  if (a === b) return 1 + longest(as, bs);
  return Math.max(longest(as, right), longest(left, bs));
}

test('a reason is no difference; an error that is tolerated is one', () => {
  const tolerant = program({ host: [call('kill', [1, 0], { why, tolerate: ['ESRCH'] })] });
  const reasoned = program({ host: [call('kill', [1, 0], { why: { en: 'another', zh: '别的' } })] });
  assert.is(shape(host(1), reasoned), '=1');
  assert.is(shape(host(1), tolerant), '-1 +1');
});

test('as JSON: counts, and steps as --dry-run=json prints them', () => {
  assert.equal(differenceToJson(differenceOf(host(1, 2), host(1))), {
    host: [{ same: 1 }, { without: [{ number: 2, call: 'kill', args: [2, '0'], why: 'a reason' }], with: [] }],
  });
});

test.run();
