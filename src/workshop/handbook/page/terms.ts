import type MarkdownIt from 'markdown-it';
import type { Lesson } from '../../lesson.ts';
import type { Language } from '../../text/language.ts';
import { escapeHtml } from './html.ts';

type Token = ReturnType<MarkdownIt['parse']>[number];

/** A word of the course, as the page of all words has it. */
export interface Term {
  /** Of the lesson that introduces it. */
  readonly lesson: Lesson;
  readonly term: string;
  readonly means: string;
  /** Of its entry. */
  readonly anchor: string;
}

/** The words of these lessons, in the order of the lessons. */
export function termsOf(lessons: readonly Lesson[], language: Language): Term[] {
  return lessons.flatMap(lesson =>
    lesson.glossary.map(({ term, means }) => ({
      lesson,
      term: term[language],
      means: means[language],
      anchor: anchorOf(term[language]),
    })),
  );
}

/** A text without its marks of code and of strong words. */
export const plain = (text: string) => text.replace(/[`*]/g, '');

function anchorOf(term: string): string {
  return plain(term)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
}

/** Leads from a page's text to the glossary: the first time that a term stands there, in running text or as code of its own. */
export class TermLinks {
  readonly #inText: readonly (readonly [form: string, Term])[];
  readonly #inCode = new Map<string, Term>();
  readonly #pattern: RegExp;
  readonly #linked = new Set<string>();

  constructor(terms: readonly Term[]) {
    const forms = new Map<string, Term>();
    for (const one of terms) {
      for (const form of formsOf(one.term)) if (!forms.has(form)) forms.set(form, one);
      for (const form of formsOf(one.term).flatMap(namesIn)) if (!this.#inCode.has(form)) this.#inCode.set(form, one);
    }
    // Of two that begin at the same place the longer one is meant: "PID namespace" is not "PID".
    this.#inText = [...forms].sort(([a], [b]) => b.length - a.length);
    this.#pattern = new RegExp(this.#inText.map(([form]) => `(${patternOf(form)})`).join('|') || '(?!)', 'gu');
  }

  /** Puts links into the texts of a parsed page. Headings and what is a link already stay as they are. */
  into(tokens: readonly Token[]): void {
    for (const [at, token] of tokens.entries()) {
      if (token.type !== 'inline' || token.children === null || tokens[at - 1]?.type === 'heading_open') continue;
      let links = 0;
      token.children = token.children.flatMap(child => {
        if (child.type === 'link_open') links++;
        if (child.type === 'link_close') links--;
        if (links > 0) return [child];
        if (child.type === 'code_inline') return this.#code(child);
        return child.type === 'text' ? this.#text(child) : [child];
      });
    }
  }

  #code(token: Token): Token[] {
    const term = this.#inCode.get(token.content);
    return term !== undefined && this.#isFirst(term) ? linked(token, token, term) : [token];
  }

  #text(token: Token): Token[] {
    const found: Token[] = [];
    let end = 0;
    for (const match of token.content.matchAll(this.#pattern)) {
      const [, term] = this.#inText[match.slice(1).findIndex(group => group !== undefined)]!;
      if (!this.#isFirst(term)) continue;
      found.push(like(token, 'text', token.content.slice(end, match.index)));
      found.push(...linked(token, like(token, 'text', match[0]), term));
      end = match.index + match[0].length;
    }
    return [...found, like(token, 'text', token.content.slice(end))];
  }

  #isFirst({ anchor }: Term): boolean {
    if (this.#linked.has(anchor)) return false;
    this.#linked.add(anchor);
    return true;
  }
}

/** `pseudo-terminal (pty)` → `pseudo-terminal`, `pty`. One Chinese character alone is part of too many words. */
function formsOf(term: string): string[] {
  return plain(term)
    .split(/[()（）]/)
    .map(form => form.trim())
    .filter(form => form !== '' && !/^\p{Script=Han}$/u.test(form));
}

/** `clone, fork` → `clone`, `fork`: names that are a term where they stand as code, and common words otherwise. */
function namesIn(form: string): string[] {
  return form.split(/, |、| and | 与 /);
}

/** As a word of its own, also in the plural and at the beginning of a sentence. */
function patternOf(form: string): string {
  const isWord = /^[a-z][a-z -]*[a-z]$/.test(form);
  const literal = form.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  const inAnyForm = isWord
    ? `[${form[0]}${form[0]!.toUpperCase()}]${literal.slice(1).replace(/y$/, '(?:y|ie)')}(?:e?s)?`
    : literal;
  const before = /^[\w/]/.test(form) ? '(?<![\\w/.-])' : '';
  // A full stop may follow; `layer.md` is the name of a file.
  const after = /\w$/.test(form) ? '(?![\\w/-]|\\.\\w)' : '';
  return before + inAnyForm + after;
}

function linked(model: Token, inner: Token, { anchor, means }: Term): Token[] {
  const open = `<a class="term" href="glossary.html#${anchor}" title="${escapeHtml(plain(means))}">`;
  return [like(model, 'term_open', '', open), inner, like(model, 'term_close', '', '</a>')];
}

function like(model: Token, type: string, content: string, info = ''): Token {
  return Object.assign(Object.create(Object.getPrototypeOf(model)), model, { type, content, info });
}
