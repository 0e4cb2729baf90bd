import chalk from 'chalk';
import { errorOfCheck } from '../../network/netlink/netlink.ts';
import { goesOn, printResult, printStep } from '../../syscalls/print.ts';
import type { StepEvent } from '../../syscalls/shim.ts';
import type { SectionName, Step } from '../../syscalls/step.ts';
import { padTo, widthOf } from '../../syscalls/text/columns.ts';
import { errnoName } from '../../syscalls/uapi/errno.ts';
import type { Lesson } from '../lesson.ts';
import type { Terminal } from '../terminal.ts';
import type { Language } from '../text/language.ts';
import { wrapText } from '../text/width.ts';
import { words } from '../text/words.ts';

const MARGIN = 4;
/** So many steps that say nothing new are told in one line. */
const FOLD = 3;

interface Answer {
  readonly text: string;
  readonly paint: (text: string) => string;
}

/** A step that was done, numbered, with the kernel's answer as it is shown. */
interface Told {
  readonly step: Step;
  readonly number: number;
  readonly answer: Answer;
}

/**
 * Shows the steps of a program as they happen: number, call, the kernel's answer, the reason. Steps that the learner has seen
 * with the same answer in an earlier program, and steps of one kind after the first of them, are folded into one line, unless
 * they were announced one by one.
 */
export class Narrator {
  private section: SectionName | undefined;
  private number = 0;
  private announced: Step | undefined;
  private previous: Step | undefined;
  /** Done and not yet shown; all of them for the same cause. */
  private held: Told[] = [];
  private cause: 'asBefore' | 'alike' | undefined;
  private readonly seenHere: string[] = [];
  /** The hidden group that was told last. */
  private toldGroup: Step['groupWhy'];

  /**
   * @param seen steps of earlier programs, to which those of this one are added by `end`
   * @param hides see `Lesson.hides`
   */
  constructor(
    private readonly terminal: Terminal,
    private readonly language: Language,
    private readonly seen: Set<string> = new Set(),
    private readonly hides: NonNullable<Lesson['hides']> = () => false,
  ) {}

  /** A step with the kernel's answer. */
  done({ step, report }: StepEvent): void {
    const well = goesOn(step, report);
    if (well && this.hides(step)) {
      this.pass(step, report.section);
      return;
    }
    this.enter(report.section);
    const answer = step.op === 'syscall' ? answerOf(step, report.result) : answerOfCheck(step, well, report.seen);
    const told = { step, answer, number: ++this.number };
    const key = `${printStep(step)} ${Math.min(report.result, 0)}`;
    const cause = this.seen.has(key) ? 'asBefore' : this.isLikePrevious(step) ? 'alike' : undefined;
    this.previous = step;
    this.seenHere.push(key);
    if (cause !== this.cause) this.release();
    this.cause = cause;
    if (cause === undefined || step === this.announced) this.write(told);
    else this.held.push(told);
  }

  /** A hidden step: it is counted, and what its group is for is told once. */
  private pass(step: Step, section: SectionName): void {
    this.number++;
    if (step.groupWhy === undefined || step.groupWhy.en === this.toldGroup?.en) return;
    this.toldGroup = step.groupWhy;
    this.enter(section);
    this.release();
    const lines = wrapText(step.groupWhy[this.language], this.terminal.width - MARGIN);
    this.terminal.lines(lines.map((line, i) => (i === 0 ? '⋯   ' : ' '.repeat(MARGIN)) + chalk.dim(line)));
  }

  /** An execve that succeeded: it has no answer, for there is nobody left to get it. */
  replaced(step: Step): void {
    this.enter('exec');
    this.release();
    this.write({ step, number: ++this.number, answer: { text: words.noReturn[this.language], paint: chalk.dim } });
  }

  /** The program is done, or was refused. */
  end(): void {
    this.release();
    for (const key of this.seenHere.splice(0)) this.seen.add(key);
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
    this.release();
    this.section = section;
    const name = {
      host: words.inParent,
      child: words.inChild,
      exec: words.inExec,
      exit: words.inParent,
      reap: words.inParent,
      reopen: words.inParent,
      archive: words.inParent,
      relay: words.inParent,
      notice: words.inParent,
    };
    this.terminal.line(chalk.magenta(name[section][this.language]));
  }

  private isLikePrevious(step: Step): boolean {
    const { previous } = this;
    if (step.op !== 'syscall' || previous?.op !== 'syscall' || step.group === undefined) return false;
    return step.name === previous.name && step.group === previous.group && step.why.en === previous.why.en;
  }

  /** Shows what was held: one by one where that is little. */
  private release(): void {
    const held = this.held.splice(0);
    if (held.length < FOLD || this.cause === undefined) {
      for (const told of held) this.write(told);
      return;
    }
    const { number } = held[0]!;
    const last = held.at(-1)!;
    const text = `${held.length} ${words[this.cause][this.language]} ${printStep(last.step)}`;
    const lines = wrapText(text, this.terminal.width - MARGIN - 2);
    const mark = padTo(`${String(number).padStart(2)}–${last.number} `, MARGIN + 2);
    for (const [i, line] of lines.entries())
      this.terminal.line(chalk.dim((i === 0 ? mark : ' '.repeat(MARGIN + 2)) + line));
  }

  private write({ step, number, answer }: Told): void {
    const mark = padTo(String(number).padStart(2), MARGIN);
    const room = this.terminal.width - MARGIN;
    const lines = wrapText(printStep(step), room - 2);
    const fits = widthOf(lines.at(-1)!) + widthOf(answer.text) + 3 <= room;
    if (fits) lines[lines.length - 1] += ` ${answer.paint(answer.text)}`;
    else lines.push(...wrapText(answer.text, room - 2).map(line => answer.paint(line)));
    for (const [i, line] of lines.entries())
      this.terminal.line(i === 0 ? chalk.dim(mark) + paintCall(line) : `${' '.repeat(MARGIN + 2)}${line}`);
    if (step !== this.announced)
      this.terminal.lines(this.reason(step).map(line => ' '.repeat(MARGIN) + chalk.dim(line)));
  }
}

function paintCall(text: string): string {
  return text.replace(/^\w+/, name => chalk.bold(name));
}

function answerOfCheck(step: Step, well: boolean, seen: bigint): Answer {
  if (well) return { text: '✓', paint: chalk.green };
  return { text: `✗ ${(step.op === 'expect' && errorOfCheck(step, seen)) || ''}`.trimEnd(), paint: chalk.red };
}

function answerOf(step: Step, result: number): Answer {
  if (result >= 0 || result < -4095) return { text: printResult(result), paint: chalk.green };
  const tolerated = step.op === 'syscall' && (step.tolerate ?? []).some(name => name === errnoName(-result));
  return { text: printResult(result, tolerated), paint: tolerated ? chalk.yellow : chalk.red };
}
