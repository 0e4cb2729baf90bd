import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Mark } from './files.ts';
import { type Pass, passesFor } from './passes.ts';

const gate: Pass[] = ['here', 'shared', '3.10'];
const passes = (mounts: boolean, marks: Mark[], run: Pass[]) => passesFor({ mounts, marks }, run).join(' ');

test('in the gate what mounts runs once, where / is shared; a sample of it on the host as it is as well', () => {
  assert.is(passes(true, [], gate), 'shared');
  assert.is(passes(true, ['both-mounts'], gate), 'here shared');
  assert.is(passes(true, ['linux-3.10'], gate), 'shared 3.10');
  assert.is(passes(false, [], gate), 'here');
  assert.is(passes(false, ['linux-3.10'], gate), 'here 3.10');
});

test('no file is left out where there is one pass, and a pass by itself takes those that it is for', () => {
  for (const mounts of [true, false]) assert.is(passes(mounts, [], ['here']), 'here');
  assert.is(passes(true, [], ['shared']), 'shared');
  assert.is(passes(false, [], ['shared']), '');
  assert.is(passes(true, ['linux-3.10'], ['3.10']), '3.10');
  assert.is(passes(true, [], ['3.10']), '');
});

test.run();
