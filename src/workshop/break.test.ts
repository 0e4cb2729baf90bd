import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { call } from '../syscalls/calls.ts';
import { str } from '../syscalls/data.ts';
import { printStep } from '../syscalls/print.ts';
import { changed, swapped, without } from './break.ts';

const step = (name: 'getpid' | 'chdir' | 'setsid', ...args: string[]) =>
  call(name, args.map(str), { why: { en: 'a test', zh: '测试' } });
const steps = [step('getpid'), step('chdir', '/a'), step('setsid'), step('chdir', '/b')];
const printed = (list: readonly (typeof steps)[number][]) => list.map(one => printStep(one));

test('without takes every step that matches, by its printed beginning or by a test', () => {
  assert.equal(printed(without(steps, 'chdir(') as typeof steps), ['getpid()', 'setsid()']);
  assert.equal(printed(without(steps, one => one === steps[3]) as typeof steps), [
    'getpid()',
    'chdir("/a")',
    'setsid()',
  ]);
});

test('swapped exchanges the first of each and leaves the rest and the original alone', () => {
  assert.equal(printed(swapped(steps, 'getpid', 'chdir("/b"') as typeof steps), [
    'chdir("/b")',
    'chdir("/a")',
    'setsid()',
    'getpid()',
  ]);
  assert.is(printStep(steps[0]!), 'getpid()');
});

test('changed replaces one', () => {
  assert.equal(printed(changed(steps, 'chdir(', () => step('chdir', '/c')) as typeof steps)[1], 'chdir("/c")');
});

test('a match that finds nothing is the author’s mistake, and said so', () => {
  for (const attempt of [
    () => without(steps, 'mount('),
    () => swapped(steps, 'getpid', 'mount('),
    () => changed(steps, 'mount(', one => one),
  ])
    assert.throws(attempt, /no step mount\( in: getpid\(\); chdir/);
});

test.run();
