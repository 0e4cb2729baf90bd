import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { MinidockError } from '../../errors.ts';
import { lessonIds, lessonsFolder } from '../catalog.ts';
import type { Language } from '../text/language.ts';
import { refusals } from '../text/refusals.ts';
import { skeletonOf } from './skeleton.ts';
import type { Exercise } from './types.ts';

/** The files of a lesson's exercise. */
export interface ExerciseFiles {
  /** The lesson's id: `04-pid-namespace`. */
  readonly id: string;
  /** What the learner edits. */
  readonly exercise: string;
  readonly solution: string;
}

export function filesOf(id: string): ExerciseFiles {
  const folder = path.join(lessonsFolder, id);
  return { id, exercise: path.join(folder, 'exercise.ts'), solution: path.join(folder, 'solution.ts') };
}

/** Ids of the lessons that have an exercise, in order. */
export function exerciseIds(folder = lessonsFolder): string[] {
  return lessonIds(folder).filter(id => fs.existsSync(path.join(folder, id, 'check.ts')));
}

/** @throws {MinidockError} `no-exercise` */
export async function loadExercise(id: string, language: Language = 'en'): Promise<Exercise> {
  const file = path.join(lessonsFolder, id, 'check.ts');
  if (!fs.existsSync(file))
    throw new MinidockError('no-exercise', refusals.noExercise(id)[language], {
      fix: refusals.exercisesOf(exerciseIds())[language],
    });
  return ((await import(pathToFileURL(file).href)) as { exercise: Exercise }).exercise;
}

/** What the learner's file holds before anything is written. */
export function skeletonFor(files: ExerciseFiles): string {
  return skeletonOf(fs.readFileSync(files.solution, 'utf8'));
}

/** By what a passed answer is known: any change of the file makes it another. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
