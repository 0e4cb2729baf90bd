import { jsonHtml } from './page/html.ts';
import type { Page } from './page/page.ts';

/** A part of a page, as the search knows it. */
export interface SearchEntry {
  readonly id: number;
  readonly page: string;
  readonly anchor: string;
  /** Of the page, with its number. */
  readonly title: string;
  readonly heading: string;
  readonly text: string;
}

/** All that there is to find in one language, as a script: a page that was opened from a disk may read no other file. */
export function searchScript(pages: readonly Page[]): string {
  const entries: Omit<SearchEntry, 'id'>[] = pages.flatMap(page => {
    const title = page.number ? `${page.number}. ${page.title}` : page.title;
    return page.parts
      .filter(({ heading, text }) => heading !== '' || text.trim() !== '')
      .map(({ anchor, heading, text }) => ({ page: page.name, anchor, title, heading, text: text.trim() }));
  });
  return `window.minidockSearch = ${jsonHtml(entries.map((entry, id) => ({ id, ...entry })))};\n`;
}
