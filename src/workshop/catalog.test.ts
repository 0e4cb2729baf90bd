import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { MinidockError } from '../errors.ts';
import { findLesson } from './catalog.ts';

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

test('a typing error is answered by what was most likely meant', () => {
  const answerTo = (word: string) => {
    try {
      return findLesson(word, ids);
    } catch (error) {
      return `${(error as MinidockError).message}: ${(error as MinidockError).fix}`;
    }
  };
  assert.is(answerTo('pidd'), 'no lesson "pidd": did you mean 04-pid-namespace?');
  assert.is(answerTo('moutn'), 'no lesson "moutn": did you mean 05-mount-namespace?');
  assert.is(answerTo('pivot-rot'), 'no lesson "pivot-rot": did you mean 06-pivot-root?');
  assert.is(answerTo('nonsense'), 'no lesson "nonsense": `npm run lesson` lists them');
  assert.match(answerTo('namespacee'), /lists them$/, 'several are as near');
});

test('what is refused is refused in the language that was asked for', () => {
  assert.throws(() => findLesson('pidd', ids, 'zh'), /没有“pidd”这一课/);
  assert.throws(() => findLesson('namespace', ids, 'zh'), /可以指好几课/);
});

test.run();
