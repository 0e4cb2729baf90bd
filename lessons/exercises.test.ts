import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { Workbench } from '../src/workshop/exercise/evaluate/box.ts';
import { examine, type Verdict } from '../src/workshop/exercise/examine.ts';
import { exerciseIds, filesOf, loadExercise } from '../src/workshop/exercise/files.ts';
import { skeletonOf, withCode, withoutMarks } from '../src/workshop/exercise/skeleton.ts';
import { checkout, requires } from '../test/support/requires.ts';

/**
 * Every exercise can be failed and can be passed: the skeleton fails, an empty file fails, each plausible wrong answer fails
 * with its own hint, the kept solution passes. All answers of all lessons in one process, with the machinery of `check`.
 */
const test = requires('root', 'overlayfs');

let bench: Workbench;
test.before(() => {
  bench = new Workbench();
});
test.after(() => bench.close());

/** All that a learner reads, in English. */
function wordsOf({ findings, error, printed }: Verdict): string {
  const failed = findings.filter(finding => !finding.ok);
  return [...failed.flatMap(({ what, hint }) => [what.en, hint.en]), error?.place, error?.message, printed].join('\n');
}

for (const id of exerciseIds()) {
  const files = filesOf(id);
  const solution = fs.readFileSync(files.solution, 'utf8');
  const judge = async (text: string) => examine(await loadExercise(id), text, files.exercise, bench);

  test(`${id}: the solution passes, twice with other values`, async () => {
    for (let i = 0; i < 2; i++) {
      const verdict = await judge(withoutMarks(solution));
      assert.ok(verdict.passed, wordsOf(verdict));
      assert.ok(verdict.findings.length > 0);
    }
  });

  test(`${id}: the skeleton and an empty file fail, and say why`, async () => {
    const untouched = await judge(skeletonOf(solution));
    assert.not(untouched.passed);
    assert.match(wordsOf(untouched), /not written yet/);
    const empty = await judge('');
    assert.not(empty.passed);
    assert.match(wordsOf(empty), /exports no/);
  });

  test(`${id}: each wrong answer fails with its hint`, async () => {
    const { wrong, hints, pieces, lesson } = await loadExercise(id);
    assert.is(id.slice(3), lesson);
    assert.ok(wrong.length >= 2, 'at least two plausible wrong answers');
    assert.ok(hints.length >= 2 && pieces.length >= 1);
    for (const { name, code, hint } of wrong) {
      const verdict = await judge(withCode(solution, code));
      assert.not(verdict.passed, name);
      assert.match(wordsOf(verdict), hint, name);
    }
  });

  test(`${id}: the skeleton in the repository is made of the solution`, () => {
    // The working copy is the learner's.
    const kept = spawnSync('git', ['show', `HEAD:lessons/${id}/exercise.ts`], { cwd: checkout, encoding: 'utf8' });
    const text = kept.status === 0 ? kept.stdout : undefined;
    if (text === undefined && fs.existsSync(path.join(checkout, '.git')))
      assert.unreachable(`not committed: npm run lesson ${id.slice(0, 2)} -- reset writes it`);
    if (text !== undefined)
      assert.is(text, skeletonOf(solution), `npm run lesson ${id.slice(0, 2)} -- reset writes it anew`);
  });

  test(`${id}: both languages say something`, async () => {
    const exercise = await loadExercise(id);
    for (const text of [exercise.task, ...exercise.hints]) {
      assert.match(text.zh, /\p{Script=Han}/u);
      assert.not.match(text.en, /\p{Script=Han}/u);
    }
  });
}

test.run();
