import { hintFor } from '../../syscalls/hints.ts';
import { printStep } from '../../syscalls/print.ts';
import { sectionNames } from '../../syscalls/step.ts';
import { printObjection, vet } from '../../syscalls/vet.ts';
import { READY } from '../play/ready.ts';
import type { Workbench } from './evaluate/box.ts';
import { bundle, type CodeError } from './evaluate/bundle.ts';
import { Cage } from './evaluate/cage.ts';
import { Learner, LearnerFailed } from './evaluate/learner.ts';
import { innerScratch, Outer } from './evaluate/outer.ts';
import { type Outcome, perform } from './evaluate/perform.ts';
import { random } from './evaluate/random.ts';
import { codeErrorOf, failureFinding, mustExport } from './failures.ts';
import type { Exercise, Finding, FunctionExercise, Mine, ProgramExercise, Refusal } from './types.ts';
import { words } from './words.ts';

/** What came of a check. */
export interface Verdict {
  readonly passed: boolean;
  /** The kernel's facts, or the one reason why there are none. */
  readonly findings: readonly Finding[];
  /** Where the learner's code is wrong, in place of findings. */
  readonly error?: CodeError;
  /** What the learner's code printed. */
  readonly printed: string;
}

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Checks one answer: evaluates it in a cage, performs what it composed in a throw-away container, and grades what the kernel
 * says. Rejects only where the check itself could not be made.
 *
 * @param file where the text comes from, for places in messages and for its imports
 */
export async function examine(exercise: Exercise, text: string, file: string, bench: Workbench): Promise<Verdict> {
  const bundled = await bundle(text, file, exercise.imports ?? []);
  if (bundled.kind === 'code-error') return { passed: false, findings: [], error: bundled, printed: '' };
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
    const found = codeErrorOf(error.failure, bundled, file);
    return found
      ? { passed: false, findings: [], error: found, printed: cage.printed }
      : verdict([failureFinding(error.failure)], cage);
  } finally {
    await cage.close();
  }
}

function verdict(findings: readonly Finding[], cage: Cage): Verdict {
  return { passed: findings.every(finding => finding.ok), findings, printed: cage.printed };
}

function judge(exercise: FunctionExercise, learner: Learner, values: unknown): Promise<Finding[]> {
  return learner.settle(mine => exercise.judge(mine, values));
}

async function run(
  exercise: ProgramExercise,
  learner: Learner,
  values: unknown,
  bench: Workbench,
): Promise<readonly Finding[]> {
  const inside = typeof exercise.inside === 'string' ? exercise.inside : exercise.inside(values);
  const stage = {
    scratch: innerScratch,
    command: {
      path: '/bin/sh',
      argv: ['sh', '-c', `${inside}\necho '${READY}'\nread _ || true`],
      env: [path, 'LC_ALL=C', `LESSON=${innerScratch}`],
    },
  };
  const program = await learner.settle((mine: Mine) => exercise.program(mine, stage, values));
  const steps = [...learner.steps];
  const objection = vet(steps, exercise.syscalls);
  if (objection?.kind === 'not-allowed')
    return [
      { ok: false, what: words.refusedBefore(printObjection(objection)), hint: words.allowedCalls(exercise.syscalls) },
    ];
  if (objection)
    return [
      { ok: false, what: words.refusedBefore(printStep(objection.step)), hint: words.malformed(objection.reason) },
    ];
  const outer = await Outer.open(bench, exercise.programs ?? []);
  try {
    exercise.prepare?.(outer.reach(innerScratch), values);
    const outcome = await perform(outer, program);
    if (outcome.kind !== 'ran') return [explain(outcome, exercise, learner, values)];
    const said = (name: string) =>
      outcome.process.output.find(line => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
    const inProgram = new Set(sectionNames.flatMap(name => program[name]));
    return exercise.grade(
      { ...outcome, said, steps: steps.filter(step => inProgram.has(step)), scratch: outer.reach(innerScratch) },
      values,
    );
  } finally {
    await outer.close();
  }
}

function explain(
  outcome: Exclude<Outcome, { kind: 'ran' }>,
  exercise: ProgramExercise,
  learner: Learner,
  values: unknown,
): Finding {
  if (outcome.kind === 'not-executed')
    return { ok: false, what: words.notExecuted(outcome.message), hint: words.noProgram };
  if (outcome.kind === 'ended')
    return { ok: false, what: words.endedEarly(outcome.status), hint: words.itPrinted(outcome.output.slice(-5)) };
  const { step, call, errno } = outcome;
  const refusal: Refusal = { step, call, errno, mine: learner.steps.has(step) };
  const general = hintFor(step, errno);
  return {
    ok: false,
    what: words.kernelRefused(printStep(step), errno),
    hint:
      exercise.explain?.(refusal, values) ?? (general ? { en: general, zh: general } : words.seeManual(call, errno)),
  };
}
