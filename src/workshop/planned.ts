import type { Text } from './text/language.ts';

/** The title of a lesson that is not written yet: its name. */
export function plannedTitle(id: string): Text {
  const name = id.slice(3).replaceAll('-', ' ');
  return { en: name, zh: name };
}
