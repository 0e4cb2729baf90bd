import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MinidockError } from '../errors.ts';
import type { Lesson } from './lesson.ts';
import type { Language } from './text/language.ts';

/** The folder of all lessons. */
export const lessonsFolder = fileURLToPath(new URL('../../lessons/', import.meta.url));

/** Ids of all lessons, in order: the folders that have a lesson.ts. */
export function lessonIds(folder = lessonsFolder): string[] {
  return fs
    .readdirSync(folder)
    .filter(name => /^\d\d-/.test(name) && fs.existsSync(path.join(folder, name, 'lesson.ts')))
    .sort();
}

/**
 * The id that `query` means: `04-pid-namespace`, `04`, `4`, `pid-namespace`, `pid`. Rejects what means none, or several
 * without one that begins with it.
 */
export function findLesson(query: string, ids: readonly string[]): string {
  const word = query
    .toLowerCase()
    .replace(/^(\.\/)?lessons\//, '')
    .replace(/\/$/, '');
  const number = /^\d+$/.test(word) ? word.padStart(2, '0') : undefined;
  const nameOf = (id: string) => id.slice(3);
  const attempts: ((id: string) => boolean)[] = number
    ? [id => id.startsWith(`${number}-`)]
    : [
        id => id === word || nameOf(id) === word,
        id => nameOf(id).startsWith(word),
        id => word.length > 1 && id.includes(word),
      ];
  for (const matches of attempts) {
    const found = ids.filter(matches);
    if (found.length === 1) return found[0]!;
    if (found.length > 1)
      throw new MinidockError('lesson-ambiguous', `"${query}" means several lessons: ${found.join(', ')}`, {
        fix: 'give its number',
      });
  }
  throw new MinidockError('no-such-lesson', `no lesson "${query}"`, {
    fix: `\`npm run lesson\` lists those that are written: ${ids[0]?.slice(0, 2)} to ${ids.at(-1)?.slice(0, 2)}`,
  });
}

export async function loadLesson(id: string): Promise<Lesson> {
  const file = path.join(lessonsFolder, id, 'lesson.ts');
  const module = (await import(pathToFileURL(file).href)) as { lesson: Lesson };
  return module.lesson;
}

/** The lesson's text; English where the translation is missing. */
export function readText(id: string, language: Language): string {
  const folder = path.join(lessonsFolder, id);
  const translated = path.join(folder, 'README.zh-CN.md');
  const file = language === 'zh' && fs.existsSync(translated) ? translated : path.join(folder, 'README.md');
  return fs.readFileSync(file, 'utf8');
}
