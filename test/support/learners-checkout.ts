import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withoutMarks } from '../../src/workshop/exercise/skeleton.ts';
import { temporaryFolder } from './cleanup.ts';
import { checkout } from './requires.ts';

/** A checkout of a learner's own, with a state folder: what is edited in it is nobody else's. */
export interface LearnersCheckout {
  readonly folder: string;
  /** XDG_STATE_HOME. */
  readonly state: string;
  /** Ids of the lessons with exercises. */
  readonly lessons: readonly string[];
  file(id: string): string;
  solution(id: string): string;
  /** Writes the learner's file, and records that it passed. */
  pass(id: string, text: string): void;
}

/** Copies what a learner's checkout has and is needed to run; packages are this one's. */
export function learnersCheckout(): LearnersCheckout {
  const folder = temporaryFolder('learner');
  for (const name of [
    'bin',
    'dist',
    'src',
    'lessons',
    'native/build',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
  ]) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    cpSync(join(checkout, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  const state = join(folder, 'state');
  const records = join(state, 'minidock/lessons.json');
  mkdirSync(dirname(records), { recursive: true });
  const at = (id: string, name: string) => join(folder, 'lessons', id, name);
  return {
    folder,
    state,
    lessons: readdirSync(join(folder, 'lessons'))
      .filter(id => existsSync(at(id, 'check.ts')))
      .sort(),
    file: id => at(id, 'exercise.ts'),
    solution: id => withoutMarks(readFileSync(at(id, 'solution.ts'), 'utf8')),
    pass(id, text) {
      writeFileSync(at(id, 'exercise.ts'), text);
      const known = existsSync(records) ? JSON.parse(readFileSync(records, 'utf8')) : { passed: {} };
      known.passed[id.slice(3)] = { on: '2026-01-01', hash: createHash('sha256').update(text).digest('hex') };
      writeFileSync(records, JSON.stringify(known));
    },
  };
}
