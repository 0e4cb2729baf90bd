import chalk from 'chalk';
import { printResult, printStep } from '../../syscalls/print.ts';
import type { StepEvent } from '../../syscalls/shim.ts';
import type { SectionName, Step } from '../../syscalls/step.ts';
import { errnoName } from '../../syscalls/uapi/errno.ts';
import type { Terminal } from '../terminal.ts';
import type { Language } from '../text/language.ts';
import { padTo, widthOf, wrapText } from '../text/width.ts';
import { words } from '../text/words.ts';

const MARGIN = 4;

/** Shows the steps of a program as they happen: number, call, the kernel's answer, the reason. */
export class Narrator {
  private section: SectionName | undefined;
  private number = 0;
  private announced: Step | undefined;

  constructor(
    private readonly terminal: Terminal,
    private readonly language: Language,
  ) {}

  /** A step with the kernel's answer. */
  done({ step, report }: StepEvent): void {
    this.enter(report.section);
    this.write(step, step.op === 'syscall' ? paintResult(step, report.result) : chalk.green('✓'));
  }

  /** An execve that succeeded: it has no answer, for there is nobody left to get it. */
  replaced(step: Step): void {
    this.enter('exec');
    this.write(step, chalk.dim(words.noReturn[this.language]));
  }

  /** A step that is about to be done, for `--step`. */
  announce({ step, report }: StepEvent): void {
    this.enter(report.section);
    this.announced = step;
    const lines = wrapText(printStep(step), this.terminal.width - MARGIN);
    for (const [i, line] of lines.entries())
      this.terminal.line(i === 0 ? `${chalk.yellow('▶')}   ${paintCall(line)}` : `      ${line}`);
    this.terminal.lines(this.reason(step).map(line => ' '.repeat(MARGIN) + chalk.dim(line)));
  }

  /** Why a step is done, wrapped, in the learner's language. */
  reason(step: Step): string[] {
    return wrapText(step.why[this.language], this.terminal.width - MARGIN);
  }

  private enter(section: SectionName): void {
    if (section === this.section) return;
    this.section = section;
    const name = {
      host: words.inParent,
      child: words.inChild,
      exec: words.inExec,
      exit: words.inParent,
      reap: words.inParent,
    };
    this.terminal.line(chalk.magenta(name[section][this.language]));
  }

  private write(step: Step, answer: string): void {
    this.number++;
    const mark = padTo(String(this.number).padStart(2), MARGIN);
    const room = this.terminal.width - MARGIN;
    const lines = wrapText(printStep(step), room - 2);
    const fits = widthOf(lines.at(-1)!) + widthOf(answer) + 3 <= room;
    if (fits) lines[lines.length - 1] += ` ${answer}`;
    else lines.push(answer);
    for (const [i, line] of lines.entries())
      this.terminal.line(i === 0 ? chalk.dim(mark) + paintCall(line) : `${' '.repeat(MARGIN + 2)}${line}`);
    if (step !== this.announced)
      this.terminal.lines(this.reason(step).map(line => ' '.repeat(MARGIN) + chalk.dim(line)));
  }
}

function paintCall(text: string): string {
  return text.replace(/^\w+/, name => chalk.bold(name));
}

function paintResult(step: Step, result: number): string {
  if (result >= 0 || result < -4095) return chalk.green(printResult(result));
  const tolerated = step.op === 'syscall' && (step.tolerate ?? []).some(name => name === errnoName(-result));
  return (tolerated ? chalk.yellow : chalk.red)(printResult(result, tolerated));
}
