import { createRequire } from 'node:module';

/** What is used of highlight.js: its own types would declare a browser's globals for all of this project. */
interface Highlighter {
  registerLanguage(name: string, language: unknown): void;
  getLanguage(name: string): unknown;
  highlight(code: string, options: { language: string; ignoreIllegals: boolean }): { readonly value: string };
}

const require = createRequire(import.meta.url);
const highlighter = require('highlight.js/lib/common') as Highlighter;
highlighter.registerLanguage('dockerfile', require('highlight.js/lib/languages/dockerfile'));

/** Code as HTML with classes `hljs-…`; undefined for a language that is not known. */
export function highlight(code: string, language: string): string | undefined {
  if (highlighter.getLanguage(language) === undefined) return undefined;
  return highlighter.highlight(code, { language, ignoreIllegals: true }).value;
}
