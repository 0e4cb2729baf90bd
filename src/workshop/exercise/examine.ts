import { vet } from '../../syscalls/foreign/vet.ts';
import { hintFor } from '../../syscalls/hints.ts';
import { printStep } from '../../syscalls/print.ts';
import { type Step, sectionNames } from '../../syscalls/step.ts';
import type { Stage } from '../lesson.ts';
import { PATH, READY } from '../play/stage.ts';
import { type Workbench, withoutRights } from './evaluate/box.ts';
import { bundle, type CodeError } from './evaluate/bundle.ts';
import { Cage } from './evaluate/cage.ts';
import { Learner, LearnerFailed } from './evaluate/learner.ts';
import { innerScratch, Outer } from './evaluate/outer.ts';
import { type Outcome, perform } from './evaluate/perform.ts';
import { random } from './evaluate/random.ts';
import { codeErrorOf, failureFinding, mustExport } from './failures.ts';
import type { Exercise, Finding, FunctionExercise, Mine, MustFail, ProgramExercise, Refusal, Trial } from './types.ts';
import { words } from './words.ts';

/** What came of a check. */
export interface Verdict {
  readonly passed: boolean;
  /** It compiles, and something has been written in it. */
  readonly begun: boolean;
  /** The kernel's facts, or the one reason why there are none. */
  readonly findings: readonly Finding[];
  /** Where the learner's code is wrong, in place of findings. */
  readonly error?: CodeError;
  /** What TypeScript objects to, where it was asked. */
  readonly types?: readonly CodeError[];
  /** What the learner's code printed. */
  readonly printed: string;
}

/**
 * Checks one answer: evaluates it in a cage, performs what it composed in a throw-away container, and grades what the kernel
 * says. Rejects only where the check itself could not be made.
 *
 * @param file where the text comes from, for places in messages and for its imports
 */
export async function examine(exercise: Exercise, text: string, file: string, bench: Workbench): Promise<Verdict> {
  const bundled = await bundle({ text, file, imports: exercise.imports ?? [] });
  if (bundled.kind === 'code-error') return { passed: false, begun: false, findings: [], error: bundled, printed: '' };
  const cage = await Cage.open(bench, bundled);
  try {
    const loaded = await cage.load();
    if (loaded.kind !== 'loaded') throw new LearnerFailed({ name: 'exercise.ts', reason: loaded });
    const missing = exercise.pieces.find(name => !loaded.exports.includes(name));
    if (missing !== undefined) return verdict([mustExport(missing)], cage);
    const learner = new Learner(cage, exercise.pieces);
    const values = exercise.values?.(random);
    if ('judge' in exercise) return verdict(await judge(exercise, learner, values), cage);
    return verdict(await run(exercise, learner, values, bench), cage);
  } catch (error) {
    if (!(error instanceof LearnerFailed)) throw error;
    const found = codeErrorOf(error.failure.reason, bundled, file);
    return found
      ? { passed: false, begun: true, findings: [], error: found, printed: cage.printed }
      : { ...verdict([failureFinding(error.failure)], cage), begun: error.failure.reason.kind !== 'todo' };
  } finally {
    await cage.close();
  }
}

function verdict(findings: readonly Finding[], cage: Cage): Verdict {
  return { passed: findings.every(finding => finding.ok), begun: true, findings, printed: cage.printed };
}

function judge(exercise: FunctionExercise, learner: Learner, values: unknown): Promise<Finding[]> {
  return learner.settle(mine => exercise.judge(mine, values));
}

/** The exercise's program, and where the kernel agrees, its further ones. */
async function run(
  exercise: ProgramExercise,
  learner: Learner,
  values: unknown,
  bench: Workbench,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const trial of [exercise, ...(exercise.more ?? [])]) {
    findings.push(...(await attempt(exercise, trial, learner, values, bench)));
    if (findings.some(finding => !finding.ok)) break;
  }
  return findings;
}

async function attempt(
  exercise: ProgramExercise,
  trial: Trial | MustFail,
  learner: Learner,
  values: unknown,
  bench: Workbench,
): Promise<readonly Finding[]> {
  const script = 'inside' in trial ? trial.inside : '';
  const stage = stageFor(typeof script === 'string' ? script : script(values));
  const composed = await learner.settle((mine: Mine) => trial.program(mine, stage, values));
  const steps = [...learner.steps];
  const objection = vet(steps, exercise.syscalls);
  if (objection)
    return [
      {
        ok: false,
        what: words.refusedBefore(shown(objection.step)),
        hint:
          objection.kind === 'not-allowed' ? words.allowedCalls(exercise.syscalls) : words.malformed(objection.reason),
      },
    ];
  // What the learner's own execve starts may be anything: it gets no rights.
  const program = exercise.syscalls.includes('execve') ? withoutRights(composed, bench.facts) : composed;
  const outer = await Outer.open(bench, exercise.programs ?? [], exercise.syscalls);
  try {
    trial.prepare?.(outer.reach(innerScratch), values);
    const outcome = await perform(outer, program, bench.patience);
    if ('stops' in trial) return [mustFail(trial, outcome)];
    if (outcome.kind !== 'ran') return [explain(outcome, trial, learner, values)];
    const said = (name: string) =>
      outcome.process.output.find(line => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
    const inProgram = new Set(sectionNames.flatMap(name => program[name]));
    return trial.grade(
      { ...outcome, said, steps: steps.filter(step => inProgram.has(step)), scratch: outer.reach(innerScratch) },
      values,
    );
  } finally {
    await outer.close();
  }
}

const LONGEST_SHOWN = 140;

/** A step on a line or two: a script among its arguments is told by its beginning. */
function shown(step: Step): string {
  const text = printStep(step, true).replaceAll('\\n', ' ');
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
}

/** The script prints what it sees and then stands still, so that the kernel can be asked about its process. */
function stageFor(script: string): Stage {
  return {
    scratch: innerScratch,
    command: {
      path: '/bin/sh',
      argv: ['sh', '-c', `${script}\necho '${READY}'\nread _ || true`],
      env: [PATH, 'LC_ALL=C', `LESSON=${innerScratch}`],
    },
  };
}

function mustFail({ stops, what, hint }: MustFail, outcome: Outcome): Finding {
  const stopped = outcome.kind === 'refused' && outcome.call === stops.call && outcome.errno === stops.errno;
  return { ok: stopped, what, hint };
}

function explain(outcome: Exclude<Outcome, { kind: 'ran' }>, trial: Trial, learner: Learner, values: unknown): Finding {
  if (outcome.kind === 'not-executed')
    return { ok: false, what: words.notExecuted(outcome.message), hint: words.noProgram };
  if (outcome.kind === 'stuck') return { ok: false, what: words.stuck, hint: words.waitsForever };
  if (outcome.kind === 'ended')
    return { ok: false, what: words.endedEarly(outcome.status), hint: words.itPrinted(outcome.output.slice(-5)) };
  const { step, call, errno } = outcome;
  const refusal: Refusal = { step, call, errno, mine: learner.steps.has(step) };
  const general = hintFor(step, errno);
  return {
    ok: false,
    what: words.kernelRefused(shown(step), errno),
    hint:
      trial.explain?.(refusal, values) ??
      (general ? { en: general, zh: general } : refusal.mine ? words.seeManual(call, errno) : words.notYours),
  };
}
