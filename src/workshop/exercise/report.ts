import chalk from 'chalk';
import type { MinidockError } from '../../errors.ts';
import type { Terminal } from '../terminal.ts';
import type { Language, Text } from '../text/language.ts';
import type { CodeError } from './evaluate/bundle.ts';
import type { Verdict } from './examine.ts';
import { withoutMarks } from './skeleton.ts';
import type { Exercise, Finding } from './types.ts';
import { says } from './words.ts';

/** Lines that are shown of what the learner's code printed. */
const MOST_LINES = 10;

/** Shows what a check found, and the other things of exercises. */
export class Report {
  private silent = false;
  /** Of the exercise that began: steps are judged by the kernel, a function by its results. */
  private asksKernel = true;

  constructor(
    private readonly terminal: Terminal,
    readonly language: Language,
  ) {}

  /** From here on nothing more is said. */
  silence(): void {
    this.silent = true;
  }

  /** One screen a check, where there is a screen. */
  clear(): void {
    if (process.stdout.isTTY) process.stdout.write('\x1b[2J\x1b[3J\x1b[H');
  }

  begin(exercise: Exercise, id: string): void {
    this.asksKernel = !('judge' in exercise);
    this.terminal.heading(`${says.exercise[this.language]} ${id}`);
    this.terminal.prose(exercise.task[this.language]);
    this.terminal.line();
  }

  verdict(verdict: Verdict, id: string, kept: boolean): void {
    const { terminal, language } = this;
    if (this.silent) return;
    if (verdict.error) this.codeError(verdict.error);
    for (const finding of verdict.findings) this.finding(finding);
    if (verdict.types && verdict.types.length > 0) {
      terminal.line();
      terminal.line(says.types[language]);
      for (const { place, message } of verdict.types)
        terminal.paragraph(`${place} ${printable(message)}`, line => chalk.red(line));
    }
    if (verdict.printed.trim() !== '' && verdict.error === undefined) {
      terminal.line();
      terminal.line(says.printed[language]);
      const printed = printable(verdict.printed).trimEnd().split('\n');
      for (const line of printed.slice(0, MOST_LINES)) terminal.line(`${chalk.cyan.dim('│')} ${line}`);
      if (printed.length > MOST_LINES) terminal.line(chalk.dim(says.moreLines(printed.length - MOST_LINES)[language]));
    }
    terminal.line();
    if (!verdict.passed) terminal.paragraph(says.notYet(id.slice(0, 2))[language], line => chalk.yellow(line));
    else if (kept) terminal.line(chalk.green(says.solutionPasses[language]));
    else {
      const passed = this.asksKernel ? says.passed : says.functionPassed;
      terminal.paragraph(passed(id.slice(0, 2))[language], line => chalk.green(line));
    }
    terminal.line();
  }

  watching(file: string): void {
    if (!this.silent) this.terminal.paragraph(says.watching(file)[this.language], line => chalk.dim(line));
  }

  hints(hints: readonly Text[], all: number): void {
    const { terminal, language } = this;
    terminal.heading(says.hint(hints.length, all)[language]);
    for (const [i, hint] of hints.entries()) {
      if (i > 0) terminal.line();
      terminal.prose(`${i + 1}. ${hint[language]}`);
    }
    terminal.line();
    terminal.paragraph((hints.length < all ? says.moreHints : says.noMoreHints)[language], line => chalk.dim(line));
    terminal.line();
  }

  solution(source: string, file: string, passed: boolean): void {
    const { terminal, language } = this;
    terminal.heading(file);
    terminal.lines(withoutMarks(source).trimEnd().split('\n'));
    terminal.line();
    terminal.paragraph((passed ? says.yoursPassed : says.notPassedYet)[language], line => chalk.dim(line));
    terminal.line();
  }

  reset(file: string, kept: string | undefined): void {
    this.terminal.paragraph((kept ? says.resetKept(file, kept) : says.resetNew(file))[this.language]);
  }

  refused(error: MinidockError): void {
    console.error(chalk.red(`lesson: ${error.message}`));
    if (error.fix) console.error(chalk.yellow(error.fix));
  }

  private finding({ ok, what, hint }: Finding): void {
    const { terminal, language } = this;
    const paint = ok ? chalk.green : chalk.red;
    terminal.paragraph(`${ok ? '✓' : '✗'} ${printable(what[language])}`, line => paint(line));
    if (!ok) terminal.paragraph(`  → ${printable(hint[language])}`, line => chalk.yellow(line));
  }

  /** A place, what is wrong there, the line: one block, and no stack. */
  private codeError({ place, message, excerpt }: CodeError): void {
    const { terminal } = this;
    terminal.paragraph(`✗ ${place}`, line => chalk.red(line));
    terminal.paragraph(`  ${printable(message)}`, line => chalk.red(line));
    for (const line of excerpt) terminal.line(`  ${chalk.dim('│')} ${printable(line)}`);
  }
}

/** What a learner's code wrote, without what a terminal would obey. */
export const printable = (text: string) =>
  text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, char => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
