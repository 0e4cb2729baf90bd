import { MinidockError } from '../../errors.ts';
import type { Finding } from '../exercise/types.ts';
import { finding, same } from './kit/finding.ts';
import type { Entry, Result } from './logbook.ts';
import { says } from './says.ts';
import { fingerprintOf } from './seed.ts';
import type { Lab, Place, Task, Values } from './types.ts';

/** One task and what was found. */
export interface Graded {
  readonly number: number;
  readonly task: Task;
  readonly findings: readonly Finding[];
  readonly ok: boolean;
}

/** Judges one task. What cannot be looked at is a finding that is not well, and never an error. */
export async function gradeTask(
  lab: Lab,
  number: number,
  place: Place,
  values: Values,
  answer: string | undefined,
): Promise<Graded> {
  const task = lab.tasks[number - 1]!;
  const findings = await findingsOf(lab, task, number, place, values, answer);
  return { number, task, findings, ok: findings.length > 0 && findings.every(({ ok }) => ok) };
}

async function findingsOf(
  lab: Lab,
  task: Task,
  number: number,
  place: Place,
  values: Values,
  answer: string | undefined,
): Promise<readonly Finding[]> {
  if (task.answer !== undefined && answer === undefined)
    return [finding(false, says.noAnswer, says.howToAnswer(lab.id.slice(0, 2), number, task.answer))];
  try {
    return await task.check(place, values, answer ?? '');
  } catch (error) {
    if (!(error instanceof MinidockError)) throw error;
    return [finding(false, says.cannotLook, same(error.message))];
  }
}

/** Judges all tasks of a lab that was begun. */
export async function grade(lab: Lab, place: Place, values: Values, entry: Entry): Promise<Graded[]> {
  const graded: Graded[] = [];
  for (const number of lab.tasks.keys())
    graded.push(await gradeTask(lab, number + 1, place, values, entry.answers[number + 1]));
  return graded;
}

/** What was found, as it is kept and handed in. */
export function resultOf(lab: Lab, graded: readonly Graded[], values: Values, entry: Entry): Result {
  const tasks = graded.map(({ number, task, ok }) => ({
    points: ok ? task.points : 0,
    of: task.points,
    hints: entry.hints[number] ?? 0,
  }));
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  return {
    lab: lab.id,
    version: lab.version,
    on: new Date().toISOString(),
    values: fingerprintOf(values),
    points: sum(tasks.map(({ points }) => points)),
    of: sum(tasks.map(({ of }) => of)),
    tasks,
  };
}
