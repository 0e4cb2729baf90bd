import type { Point, Walk } from '../model.ts';

export interface Page {
  readonly points: readonly Point[];
  readonly walks: readonly Walk[];
}

export function renderPage(page: Page): string {
  return `<!doctype html>${page.walks.length}`;
}
