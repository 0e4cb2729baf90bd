import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Answer, Question } from './lesson.ts';
import { randomOf, shuffledAnswers } from './question.ts';

const answer = (name: string): Answer => ({ text: { en: name, zh: name }, because: { en: name, zh: name } });
const question: Question = {
  ask: { en: '?', zh: '？' },
  right: answer('right'),
  wrong: [answer('one'), answer('two'), answer('three')],
};
const order = (random: () => number) => shuffledAnswers(question, random).map(({ text }) => text.en);

test('all answers are shown, and the right one stands in every place about equally often', () => {
  const places = [0, 0, 0, 0];
  const random = randomOf({ MINIDOCK_LESSON_SEED: '7' });
  for (let i = 0; i < 4000; i++) {
    const shown = order(random);
    assert.equal([...shown].sort(), ['one', 'right', 'three', 'two']);
    places[shown.indexOf('right')]!++;
  }
  for (const count of places) assert.ok(count > 850 && count < 1150, places.join(' '));
});

test('a seed makes it repeatable, another seed makes it another', () => {
  const orders = (seed: string) => {
    const random = randomOf({ MINIDOCK_LESSON_SEED: seed });
    return Array.from({ length: 8 }, () => order(random).join());
  };
  assert.equal(orders('1'), orders('1'));
  assert.not.equal(orders('1'), orders('2'));
  assert.is(randomOf({}), Math.random);
});

test.run();
