import chalk from 'chalk';
import type { Answer, Question } from '../lesson.ts';
import { type Random, shuffledAnswers } from '../question.ts';
import type { Terminal } from '../terminal.ts';
import type { Language } from '../text/language.ts';
import { words } from '../text/words.ts';

/** A question that was asked, and the answer that the learner chose, if any. */
export interface Asked {
  readonly question: Question;
  readonly chosen?: Answer;
}

/** Asks questions. Without a terminal they are only shown. */
export class Asker {
  constructor(
    private readonly terminal: Terminal,
    private readonly language: Language,
    private readonly random: Random,
  ) {}

  /** Asks for the learner's expectation: the answers in a new order, one key. */
  async ask(question: Question): Promise<Asked> {
    const { terminal, language } = this;
    const answers = shuffledAnswers(question, this.random);
    terminal.prose(question.ask[language]);
    terminal.line();
    terminal.prose(answers.map(({ text }, i) => `${i + 1}. ${text[language]}`).join('\n'));
    if (!terminal.interactive) return { question };
    terminal.line();
    terminal.line(chalk.yellow(words.chooseKey[language]));
    const key = await terminal.key(
      pressed => pressed === 'enter' || (typeof pressed === 'object' && pressed.digit <= answers.length),
    );
    if (typeof key !== 'object') return { question };
    const chosen = answers[key.digit - 1]!;
    terminal.prose(`→ ${chosen.text[language]}`);
    terminal.taken();
    return { question, chosen };
  }

  /**
   * Says whether the choice was right and why. A wrong choice gets its own answer first; who chose nothing reads what
   * speaks against each of the wrong ones.
   */
  answer({ question, chosen }: Asked): void {
    const { terminal, language } = this;
    const { right } = question;
    if (chosen === right) terminal.line(chalk.green(`✓ ${words.right[language]}`));
    else if (chosen !== undefined) {
      terminal.prose(`${chalk.yellow('✗')} ${words.wrong[language]}${chosen.text[language]}`);
      terminal.prose(chosen.because[language]);
      terminal.line();
    }
    terminal.paragraph(right.text[language].replaceAll('`', ''), line => chalk.bold(line));
    terminal.prose(right.because[language]);
    if (chosen !== undefined) return;
    for (const wrong of question.wrong) {
      terminal.line();
      terminal.paragraph(`${words.notThis[language]}${wrong.text[language].replaceAll('`', '')}`, chalk.dim);
      terminal.prose(wrong.because[language]);
    }
  }
}
