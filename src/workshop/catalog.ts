import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isOneEditAway } from '../cli/grammar/nearest.ts';
import { MinidockError } from '../errors.ts';
import { lessonName, lessonSlugs } from '../syscalls/lessons.ts';
import type { Lesson } from './lesson.ts';
import type { Language } from './text/language.ts';
import { refusals } from './text/refusals.ts';

/** The folder of all lessons. */
export const lessonsFolder = fileURLToPath(new URL('../../lessons/', import.meta.url));

/** Ids of all lessons that are written, in order: the folders that have a lesson.ts. */
export function lessonIds(folder = lessonsFolder): string[] {
  return fs
    .readdirSync(folder)
    .filter(name => /^\d\d-/.test(name) && fs.existsSync(path.join(folder, name, 'lesson.ts')))
    .sort();
}

/** Ids of all lessons of the course, in order. */
export const courseIds: readonly string[] = lessonSlugs.map(lessonName);

/**
 * The id that `query` means: `04-pid-namespace`, `04`, `4`, `pid-namespace`, `pid`, and with a typing error `pidd`. Rejects
 * what means none, or several without one that begins with it.
 */
export function findLesson(query: string, ids: readonly string[], language: Language = 'en'): string {
  const word = query
    .toLowerCase()
    .replace(/^(\.\/)?lessons\//, '')
    .replace(/\/$/, '');
  const found = matchingIds(word, ids);
  if (found.length === 1) return found[0]!;
  if (found.length > 1)
    throw new MinidockError('lesson-ambiguous', refusals.severalLessons(query, found)[language], {
      fix: refusals.giveNumber[language],
    });
  const near = nearestId(word, ids);
  throw new MinidockError('no-such-lesson', refusals.noLesson(query)[language], {
    fix: near ? refusals.didYouMean(near)[language] : refusals.listsThem[language],
  });
}

/** The ids that a word means, by the first of these that finds one: the number, the whole name, its beginning, a part. */
export function matchingIds(word: string, ids: readonly string[]): string[] {
  const number = /^\d+$/.test(word) ? word.padStart(2, '0') : undefined;
  const attempts: ((id: string) => boolean)[] = number
    ? [id => id.startsWith(`${number}-`)]
    : [
        id => id === word || nameOf(id) === word,
        id => nameOf(id).startsWith(word),
        id => word.length > 1 && id.includes(word),
      ];
  for (const matches of attempts) {
    const found = ids.filter(matches);
    if (found.length > 0) return found;
  }
  return [];
}

const nameOf = (id: string) => id.slice(3);

/** The one of which the id, the name or one of its words is one typing error away; undefined where none or several are. */
export function nearestId(word: string, ids: readonly string[]): string | undefined {
  const isNear = (id: string) =>
    [id, nameOf(id), ...nameOf(id).split('-')].some(name => name.length > 2 && isOneEditAway(name, word));
  const near = ids.filter(isNear);
  return near.length === 1 ? near[0] : undefined;
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

/** The lesson's title without its number, out of its text: no module is loaded for it. */
export function readTitle(id: string, language: Language): string {
  const [first = ''] = readText(id, language).split('\n', 1);
  return first.replace(/^# \d+\. /, '').replaceAll('`', '');
}
