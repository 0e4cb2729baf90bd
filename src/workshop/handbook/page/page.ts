import type { Language } from '../../text/language.ts';
import type { Part } from './markdown.ts';

/** A page of the site in one language. */
export interface Page {
  /** Name of its file without the ending; the same in both languages. */
  readonly name: string;
  readonly language: Language;
  readonly title: string;
  /** `4`, of a lesson or a lab. */
  readonly number?: string;
  readonly kind: 'home' | 'lesson' | 'lab' | 'birth' | 'glossary';
  /** What stands inside `<main>`. */
  readonly html: string;
  /** What the search looks through. */
  readonly parts: readonly Part[];
}
