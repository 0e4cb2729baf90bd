import { type LessonSlug, lessonName } from '../../syscalls/lessons.ts';
import {
  foldLines,
  goesOn,
  isFolded,
  type Line,
  printGroup,
  printResult,
  printStep,
  reasonOf,
  shortIds,
} from '../../syscalls/print.ts';
import type { StepEvent } from '../../syscalls/shim.ts';
import type { Program, SectionName } from '../../syscalls/step.ts';
import type { Language } from '../../syscalls/text/language.ts';
import type { Output } from './output.ts';
import { coloured } from './printable.ts';
import { layOut, type Part } from './trace-layout.ts';

export type TraceForm = 'folded' | 'full';

/** A line of the program that is being done, with the kernel's answers so far. */
interface OpenLine {
  line: Line;
  events: StepEvent[];
}

/**
 * `--trace`: what the kernel answered, on standard error while it happens. As in `--dry-run` a group is one line and the
 * steps that teach something stand whole; a step that fails is shown whole with all of its group.
 */
export class Trace {
  private program: Program | undefined;
  private readonly lines = new Map<SectionName, readonly Line[]>();
  private readonly open = new Map<SectionName, OpenLine>();
  /** How many entries of PATH had no such command. */
  private attempts = 0;

  /** @param columns of the terminal that standard error is: lines fit it and are coloured, but for NO_COLOR */
  constructor(
    private readonly output: Pick<Output, 'err'>,
    private readonly form: TraceForm,
    private readonly columns?: number,
    private readonly language: Language = 'en',
  ) {}

  /** Takes what the shim reports of each step. */
  readonly step = (event: StepEvent): void => {
    if (event.program !== this.program) this.begin(event.program);
    this.show(event);
  };

  /** Called when the command was executed: an execve that succeeds sends no report. */
  executed(): void {
    this.end();
    const index = this.attempts;
    const step = this.program?.exec[index];
    if (step === undefined || this.program === undefined) return;
    const report = { type: 'trace', section: 'exec', tag: 1, index, result: 0, seen: 0n } as const;
    const event = { step, report, program: this.program };
    if (this.form === 'full') this.show(event);
    else this.printWhole(event);
  }

  /** Prints lines that are not finished, because no more reports will come. */
  end(): void {
    for (const one of this.open.values()) this.printLine(one);
    this.open.clear();
  }

  /** The sealing came first; its last step, an execve, succeeded and so was never reported. */
  private begin(program: Program): void {
    for (const one of this.open.values()) this.printLine(one, true);
    this.open.clear();
    this.program = program;
    this.lines.clear();
  }

  private show(event: StepEvent): void {
    if (event.report.section === 'exec') this.attempts++;
    if (this.form === 'full') {
      this.printFull(event);
      return;
    }
    const { section, index } = event.report;
    const one = this.open.get(section) ?? { line: this.lineOf(section, index), events: [] };
    one.events.push(event);
    const failed = section !== 'exec' && !goesOn(event.step, event.report);
    const done = one.events.length === one.line.steps.length;
    if (!failed && !done) {
      this.open.set(section, one);
      return;
    }
    this.open.delete(section);
    if (failed) this.printFailure(one);
    else this.printLine(one);
  }

  private lineOf(section: SectionName, index: number): Line {
    let lines = this.lines.get(section);
    if (lines === undefined) {
      lines = foldLines(this.program![section], false);
      this.lines.set(section, lines);
    }
    return lines.findLast(line => line.index <= index)!;
  }

  private printLine({ line, events }: OpenLine, sealed = false): void {
    if (!isFolded(line)) {
      this.printWhole(events[0]!);
      return;
    }
    const part = sealed || events.length === line.steps.length ? '' : `: the first ${events.length}`;
    const name = `${printGroup(line)}${part}`;
    this.print(line.index, events[0]!, [['group', name], ...answers(events), ['lesson', lessonOf(reasonOf(line))]]);
  }

  /** A step by itself, its reason below. */
  private printWhole(event: StepEvent, withReason = true): void {
    const { step, report } = event;
    this.print(report.index, event, [
      ['call', printStep(step, true)],
      answer(event),
      ['lesson', lessonOf(step)],
      ...(withReason ? [['why', shortIds(step.why[this.language])] as const] : []),
    ]);
  }

  private printFailure({ line, events }: OpenLine): void {
    const { why } = reasonOf(line);
    if (isFolded(line)) {
      this.print(line.index, events[0]!, [
        ['group', printGroup(line)],
        ['why', shortIds(why[this.language])],
      ]);
    }
    for (const event of events)
      this.printWhole(event, event === events.at(-1) && (!isFolded(line) || event.step.why.en !== why.en));
  }

  private print(index: number, { report }: StepEvent, parts: readonly Part[]): void {
    const head = `${report.section.padEnd(5)} ${String(index + 1).padStart(3)}  `;
    this.output.err(coloured(layOut(head, parts, this.columns)));
  }

  private printFull({ step, report }: StepEvent): void {
    const lesson = step.lesson === undefined ? '' : `  [${lessonOf(step)}]`;
    const answered = step.op === 'syscall' ? ` ${printResult(report.result, goesOn(step, report))}` : '';
    this.output.err(`${report.section.padEnd(5)} ${printStep(step)}${answered}${lesson}\n`);
  }
}

const lessonOf = ({ lesson }: { lesson?: LessonSlug }) => lesson && lessonName(lesson);

/** The kernel's answer to one step; for an operation that is no syscall, the interpreter's. */
function answer({ step, report }: StepEvent): Part {
  const on = goesOn(step, report);
  if (step.op === 'expect' && !on) return ['refusal', `found 0x${report.seen.toString(16)}`];
  if (step.op !== 'syscall') return ['answer', undefined];
  const kind = report.result >= 0 ? 'answer' : on ? 'tolerated' : 'refusal';
  return [kind, printResult(report.result, on)];
}

/** The kernel's answers to the steps of a group: ok, and the errors that were tolerated. */
function answers(events: readonly StepEvent[]): Part[] {
  const counts = new Map<string, number>();
  for (const { report } of events)
    if (report.result < 0) {
      const name = printResult(report.result).replace('= ', '');
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  const errors = [...counts].map(([name, count]) => (count === 1 ? name : `${name} ×${count}`)).join(', ');
  if (errors === '') return [['answer', '= ok']];
  // Of the entries of PATH each has its own answer, and the last one decides.
  if (events[0]!.report.section === 'exec') return [['tolerated', `= ${errors}`]];
  return [
    ['answer', '= ok'],
    ['tolerated', `but ${errors} (tolerated)`],
  ];
}
