import type { Language } from '../../text/language.ts';
import type { words } from '../words.ts';

/** The page's words, in its language. */
export type Say = (key: keyof typeof words) => string;

const texts = JSON.parse(document.getElementById('words')?.textContent ?? '{}') as Record<string, string>;

export const say: Say = key => texts[key] ?? key;
export const language: Language = document.body.dataset.language === 'zh' ? 'zh' : 'en';

/** The element of an id that every page has. */
export function find<Kind extends HTMLElement>(id: string): Kind {
  return document.getElementById(id) as Kind;
}

/** A new element with text in it. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  text = '',
  look = '',
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.textContent = text;
  if (look !== '') made.className = look;
  return made;
}
