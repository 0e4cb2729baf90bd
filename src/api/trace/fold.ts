import type { LessonSlug } from '../../syscalls/lessons.ts';
import { foldLines, goesOn, type Line, printResult, reasonOf, shortIds } from '../../syscalls/print.ts';
import type { StepEvent } from '../../syscalls/shim.ts';
import type { Program, SectionName, Step } from '../../syscalls/step.ts';

/** Steps that follow each other in one section and belong to one lesson. */
export interface Folded {
  readonly section: SectionName;
  readonly text: string;
  readonly count: number;
  readonly lesson?: LessonSlug;
  readonly refused?: string;
}

interface Open {
  readonly section: SectionName;
  readonly lesson: LessonSlug | undefined;
  readonly lines: Line[];
  count: number;
  refused: string | undefined;
}

/** Gathers the steps that a program reports and tells of them when something else begins. */
export class StepFolder {
  #program: Program | undefined;
  readonly #lines = new Map<SectionName, readonly Line[]>();
  /** Parent and child report at once: each section goes on by itself. */
  readonly #open = new Map<SectionName, Open>();
  #attempts = 0;

  constructor(private readonly tell: (folded: Folded) => void) {}

  readonly step = ({ step, report, program }: StepEvent): void => {
    if (program !== this.#program) this.#begin(program);
    const { section, index } = report;
    // What came before the child is told before it.
    if (section === 'child' && index === 0) this.end();
    if (section === 'exec') this.#attempts++;
    const line = this.#lineAt(section, index);
    const { lesson } = reasonOf(line);
    let open = this.#open.get(section);
    if (open !== undefined && open.lesson !== lesson) {
      this.#close(open);
      open = undefined;
    }
    open ??= { section, lesson, lines: [], count: 0, refused: undefined };
    this.#open.set(section, open);
    if (open.lines.at(-1) !== line) open.lines.push(line);
    open.count++;
    if (section !== 'exec' && !goesOn(step, report)) open.refused = `${nameOf(step)} ${printResult(report.result)}`;
  };

  /** The command was executed: of an execve that succeeds there is no report. */
  executed(): void {
    const step = this.#program?.exec[this.#attempts];
    if (step === undefined || this.#program === undefined) return;
    const report = { type: 'trace', section: 'exec', tag: 1, index: this.#attempts, result: 0, seen: 0n } as const;
    this.step({ step, report, program: this.#program });
  }

  end(): void {
    for (const open of this.#open.values()) this.#close(open);
  }

  #begin(program: Program): void {
    this.end();
    this.#program = program;
    this.#lines.clear();
  }

  #lineAt(section: SectionName, index: number): Line {
    const lines = this.#lines.get(section) ?? foldLines(this.#program![section], false);
    this.#lines.set(section, lines);
    return lines.findLast(line => line.index <= index)!;
  }

  #close({ section, lesson, lines, count, refused }: Open): void {
    this.#open.delete(section);
    const text = wordsOf(lines).join(', ');
    this.tell({ section, text, count, ...(lesson && { lesson }), ...(refused && { refused }) });
  }
}

/** A folded group by its name, a step by its syscall; what follows itself is counted. */
function wordsOf(lines: readonly Line[]): string[] {
  const words: { text: string; times: number }[] = [];
  for (const { group, steps } of lines) {
    const text = steps.length > 1 && group !== undefined ? shortIds(group) : nameOf(steps[0]!);
    const last = words.at(-1);
    if (last?.text === text) last.times++;
    else words.push({ text, times: 1 });
  }
  return words.map(({ text, times }) => (times === 1 ? text : `${text} ×${times}`));
}

const nameOf = (step: Step) => (step.op === 'syscall' ? step.name : step.op);
