import { errorOfCheck } from '../../../network/netlink/netlink.ts';
import { goesOn, printResult, printStep, shortIds } from '../../../syscalls/print.ts';
import type { StepEvent } from '../../../syscalls/shim.ts';
import type { Step } from '../../../syscalls/step.ts';
import type { Figure } from '../../figure/figure.ts';
import type { Audience } from '../../play/performance.ts';
import type { Processes } from '../../play/stepper.ts';
import { changesBetween } from '../../step/changes.ts';
import { pictureOf } from '../../step/picture.ts';
import { type State, stateOf } from '../../step/state.ts';
import type { Answer, RecordedStep } from './recording.ts';

/** How many mounts a picture lists. */
const MOUNTS = 5;

type Draft = { -readonly [Key in keyof RecordedStep]: RecordedStep[Key] };

export interface Watch {
  /** Steps that are counted and not written down; what they change is told with the step before them. */
  readonly hides?: (step: Step) => boolean;
  /** Called when a step was added, or when there is more to say of one. */
  readonly told?: (step: RecordedStep) => void;
  /** Waited for before each step that is written down, and once more, with `over`, when all are done and the process runs. */
  readonly turn?: (over: boolean) => Promise<void>;
}

/**
 * An audience that writes down what it sees: each step with the kernel's answer, and what /proc says before the next one. Of
 * neighbours in a group the first is written down.
 */
export class Recorder implements Audience {
  /** The state before the first step. */
  start: Figure | undefined;
  readonly steps: Draft[] = [];
  readonly #watch: Watch;
  readonly #drafts = new Map<Step, Draft>();
  #number = 0;
  #state: State | undefined;
  #last: Promise<void> = Promise.resolve();
  #previous: Step | undefined;

  constructor(watch: Watch = {}) {
    this.#watch = watch;
  }

  /** Parent and child take turns, as the program does. */
  before({ step, report }: StepEvent, processes: Processes): Promise<void> {
    this.#last = this.#last.then(async () => {
      const repeats = step.group !== undefined && step.group === this.#previous?.group;
      this.#previous = step;
      if (this.#watch.hides?.(step)) return;
      const draft = this.steps.at(-1);
      if (repeats && draft !== undefined) {
        draft.more = (draft.more ?? 0) + 1;
        return;
      }
      await this.look(processes);
      this.#add(step, report.section);
      await this.#watch.turn?.(false);
    });
    return this.#last;
  }

  done({ step, report }: StepEvent): void {
    this.#number++;
    const draft = this.#drafts.get(step);
    const well = goesOn(step, report);
    if (draft === undefined && well) return;
    // A step that was not written down is, when it fails.
    const told = draft ?? this.#add(step, report.section);
    told.number = this.#number;
    if (step.op === 'syscall') told.answer = answerOf(report.result, well);
    else if (well) told.answer = { text: '✓', kind: 'done' };
    else {
      const error = step.op === 'expect' ? errorOfCheck(step, report.seen) : undefined;
      told.answer = { text: `✗ ${error ?? ''}`.trimEnd(), kind: 'refused' };
    }
    this.#watch.told?.(told);
  }

  /** An execve that succeeded has no answer: there is nobody left to get it. */
  replaced(step: Step): void {
    const draft = this.#drafts.get(step) ?? this.#add(step, 'exec');
    draft.number = ++this.#number;
    draft.answer = { text: '', kind: 'done' };
    this.#watch.told?.(draft);
  }

  /** As `replaced`, for a caller that knows that a command was executed, and not by which of the steps that tried: the last one. */
  executed(): void {
    const [step] = [...this.#drafts].findLast(([, draft]) => draft.section === 'exec') ?? [];
    if (step !== undefined) this.replaced(step);
  }

  /** The process runs: the last moment to look at it. */
  async runs(): Promise<void> {
    await this.#watch.turn?.(true);
  }

  /** What the last step changed, once all processes stand still. */
  async look(processes: Processes): Promise<void> {
    const before = this.#state;
    this.#state = await readState(processes);
    if (before === undefined) this.start = brief(pictureOf(this.#state, [], MOUNTS));
    const draft = this.steps.at(-1);
    if (before === undefined || draft === undefined) return;
    const changes = changesBetween(before, this.#state);
    if (changes.length === 0) return;
    draft.changes = changes.map(({ text: { en, zh } }) => ({ en: shortIds(en), zh: shortIds(zh) }));
    draft.picture = brief(pictureOf(this.#state, changes, MOUNTS));
    this.#watch.told?.(draft);
  }

  #add(step: Step, section: RecordedStep['section']): Draft {
    const draft: Draft = {
      number: this.#number + 1,
      section,
      call: printStep(step, true),
      why: step.groupWhy ?? step.why,
      ...(step.lesson !== undefined && { lesson: step.lesson }),
      changes: [],
    };
    this.#drafts.set(step, draft);
    this.steps.push(draft);
    this.#watch.told?.(draft);
    return draft;
  }
}

/** With ids as they are shown elsewhere. */
function brief(figure: Figure): Figure {
  return JSON.parse(shortIds(JSON.stringify(figure))) as Figure;
}

function answerOf(result: number, well: boolean): Answer {
  if (result >= 0 || result < -4095) return { text: printResult(result), kind: 'done' };
  return { text: printResult(result, well), kind: well ? 'tolerated' : 'refused' };
}

async function readState({ parent, child }: Processes): Promise<State> {
  return { parent: await stateOf(parent), ...(child !== 0 && { child: await stateOf(child) }) };
}
