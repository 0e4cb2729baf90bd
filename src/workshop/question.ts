import type { Answer, Question } from './lesson.ts';

/** A source of numbers from 0 up to, but not including, 1. */
export type Random = () => number;

/**
 * Math.random, or where MINIDOCK_LESSON_SEED is set the same numbers each time (mulberry32), so that a test knows which key
 * is the right one.
 */
export function randomOf(env: NodeJS.ProcessEnv): Random {
  if (!env.MINIDOCK_LESSON_SEED) return Math.random;
  let state = Number(env.MINIDOCK_LESSON_SEED) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** All answers of a question in an order that tells nothing (Fisher and Yates). */
export function shuffledAnswers(question: Question, random: Random): Answer[] {
  const answers = [question.right, ...question.wrong];
  for (let i = answers.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [answers[i], answers[j]] = [answers[j]!, answers[i]!];
  }
  return answers;
}
