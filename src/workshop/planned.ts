import type { LessonSlug } from '../syscalls/lessons.ts';
import type { Text } from './text/language.ts';

/** Titles of the lessons that are not written yet: they wait for what they teach. */
const plannedTitles: Partial<Record<LessonSlug, Text>> = {
  'user-namespace': { en: 'User namespace: root, but only here', zh: '用户命名空间：只在这里是 root' },
};

/** The title of a lesson that is not written yet; its name where it has none. */
export function plannedTitle(id: string): Text {
  const name = id.slice(3).replaceAll('-', ' ');
  return plannedTitles[id.slice(3) as LessonSlug] ?? { en: name, zh: name };
}
