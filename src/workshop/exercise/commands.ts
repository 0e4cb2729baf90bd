import fs from 'node:fs';
import { MinidockError } from '../../errors.ts';
import { findLesson, lessonIds } from '../catalog.ts';
import type { Options } from '../options.ts';
import { Progress } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import type { Language } from '../text/language.ts';
import { refusals } from '../text/refusals.ts';
import { Workbench } from './evaluate/box.ts';
import { readLearnersFile, relative } from './evaluate/bundle.ts';
import { typeErrors } from './evaluate/type-errors.ts';
import { examine, type Verdict } from './examine.ts';
import { type ExerciseFiles, exerciseIds, filesOf, hashOf, loadExercise, skeletonFor } from './files.ts';
import { Report } from './report.ts';
import type { Exercise } from './types.ts';
import { watchFile } from './watch.ts';
import { says } from './words.ts';

/** Status of `check`: passed, graded and wrong, could not be checked. */
const PASSED = 0;
const WRONG = 1;
const UNCHECKED = 2;

/** `npm run lesson NN -- check|watch|hint|solution|reset`. Resolves with the exit status. */
export async function exerciseCommand(options: Options, terminal: Terminal): Promise<number> {
  const { language } = options;
  const report = new Report(terminal, language);
  try {
    if (options.action === 'reset' && options.all) return resetAll(report);
    if (options.lesson === undefined)
      throw new MinidockError('usage', says.whichLesson[language], { fix: `npm run lesson 03 -- ${options.action}` });
    const id = findLesson(options.lesson, lessonIds(), language);
    const exercise = await loadExercise(id, language);
    const files = filesOf(id);
    switch (options.action) {
      case 'check':
        return await check(exercise, files, options.solution, report);
      case 'watch':
        return await watch(exercise, files, report);
      case 'hint':
        return await hint(exercise, id, report);
      case 'solution':
        return solution(files, report);
      default:
        return await reset(files, report);
    }
  } catch (error) {
    if (!(error instanceof MinidockError)) throw error;
    report.refused(error);
    return options.action === 'check' ? UNCHECKED : 1;
  }
}

async function check(exercise: Exercise, files: ExerciseFiles, kept: boolean, report: Report): Promise<number> {
  requireRoot(report.language);
  return withBench(report, async bench => {
    report.begin(exercise, files.id);
    const verdict = await checkFile(exercise, files, kept ? files.solution : files.exercise, bench, !kept);
    report.verdict(verdict, files.id, kept);
    return verdict.passed ? PASSED : WRONG;
  });
}

async function checkFile(
  exercise: Exercise,
  { id }: ExerciseFiles,
  file: string,
  bench: Workbench,
  counts: boolean,
): Promise<Verdict> {
  const source = readLearnersFile(file);
  if ('kind' in source) return { passed: false, begun: false, findings: [], error: source, printed: '' };
  const verdict = await examine(exercise, source.text, file, bench);
  if (!verdict.passed && verdict.begun) return { ...verdict, types: await typeErrors(file, bench.scratch) };
  if (verdict.passed && counts) await Progress.load().markPassed(id, hashOf(source.text));
  return verdict;
}

async function watch(exercise: Exercise, files: ExerciseFiles, report: Report): Promise<number> {
  requireRoot(report.language);
  return withBench(
    report,
    async (bench, interrupted) => {
      for await (const _ of watchFile(files.exercise, interrupted)) {
        report.clear();
        report.begin(exercise, files.id);
        report.verdict(await checkFile(exercise, files, files.exercise, bench, true), files.id, false);
        report.watching(relative(files.exercise));
      }
      return PASSED;
    },
    true,
  );
}

async function hint(exercise: Exercise, id: string, report: Report): Promise<number> {
  const progress = Progress.load();
  const shown = Math.min(progress.hintsShown(id) + 1, exercise.hints.length);
  report.hints(exercise.hints.slice(0, shown), exercise.hints.length);
  await progress.countHint(id, shown);
  return 0;
}

function solution(files: ExerciseFiles, report: Report): number {
  report.solution(
    fs.readFileSync(files.solution, 'utf8'),
    relative(files.solution),
    Progress.load().isPassed(files.id),
  );
  return 0;
}

async function reset(files: ExerciseFiles, report: Report): Promise<number> {
  report.reset(relative(files.exercise), writeSkeleton(files));
  await Progress.load().forget(files.id);
  return 0;
}

async function resetAll(report: Report): Promise<number> {
  for (const id of exerciseIds()) await reset(filesOf(id), report);
  return 0;
}

/**
 * Writes the skeleton. What the learner wrote is kept beside it, under the name that is returned; undefined where nothing was
 * written yet.
 */
function writeSkeleton(files: ExerciseFiles): string | undefined {
  const skeleton = skeletonFor(files);
  let kept: string | undefined;
  if (fs.lstatSync(files.exercise, { throwIfNoEntry: false }) !== undefined) {
    const source = readLearnersFile(files.exercise);
    if ('text' in source && source.text === skeleton) return undefined;
    for (let n = 1; kept === undefined; n++) {
      const free = `${files.exercise}.old-${n}`;
      if (fs.lstatSync(free, { throwIfNoEntry: false }) === undefined) kept = free;
    }
    fs.renameSync(files.exercise, kept);
  }
  fs.writeFileSync(files.exercise, skeleton, { flag: 'wx' });
  return kept === undefined ? undefined : relative(kept);
}

/**
 * Gives a workbench and clears it away afterwards, also on Ctrl-C, hang-up and termination. `waits` is for a command that
 * goes on until then: it learns of the end by its signal, and ends well.
 */
async function withBench(
  report: Report,
  action: (bench: Workbench, interrupted: AbortSignal) => Promise<number>,
  waits = false,
): Promise<number> {
  const bench = new Workbench();
  const abort = new AbortController();
  let ending: number | undefined;
  const listeners = Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }).map(([signal, status]) => {
    const listener = () => {
      ending ??= waits && signal === 'SIGINT' ? 0 : status;
      // What is killed now is no fault of the learner's.
      report.silence();
      abort.abort();
      void bench.close().finally(() => process.exit(ending));
    };
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  try {
    return await action(bench, abort.signal);
  } finally {
    await bench.close();
    for (const release of listeners) release();
  }
}

function requireRoot(language: Language): void {
  if (process.geteuid?.() === 0) return;
  throw new MinidockError('not-root', refusals.notRoot[language], {
    fix: refusals.useSudo[language],
  });
}
