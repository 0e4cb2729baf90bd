import type { Question } from '../../lesson.ts';
import { randomOf, shuffledAnswers } from '../../question.ts';
import type { Language } from '../../text/language.ts';
import { words } from '../words.ts';
import { inlineHtml } from './markdown.ts';

/**
 * A question whose answers open when they are chosen. It works without a script, and in the same order each time the site is
 * made.
 *
 * @param name unique on its page: one answer is open at a time
 */
export function quizHtml(question: Question, name: string, language: Language): string {
  const seed = [...question.ask.en].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) | 0, 7);
  const answers = shuffledAnswers(question, randomOf({ MINIDOCK_LESSON_SEED: String(seed) }));
  const items = answers.map(answer => {
    const right = answer === question.right;
    const verdict = `<strong>${words[right ? 'right' : 'wrong'][language]}</strong>`;
    return `<details class="${right ? 'right' : 'wrong'}" name="${name}"><summary>${inlineHtml(answer.text[language])}</summary><p>${verdict} ${inlineHtml(answer.because[language])}</p></details>`;
  });
  return `<div class="quiz"><p>${inlineHtml(question.ask[language])}</p>${items.join('')}</div>`;
}
