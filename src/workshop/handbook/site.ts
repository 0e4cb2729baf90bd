import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDirectory } from '../../state/files.ts';
import { lessonIds, loadLesson, readText } from '../catalog.ts';
import type { Lesson } from '../lesson.ts';
import { missing } from '../play/requirements.ts';
import type { Language } from '../text/language.ts';
import { buildClient } from './client.ts';
import { pageHtml } from './page/frame.ts';
import { lessonPage } from './page/lesson.ts';
import { birthPage, glossaryPage, homePage, labPage } from './page/others.ts';
import type { Page } from './page/page.ts';
import type { Ran } from './page/program.ts';
import { termsOf } from './page/terms.ts';
import { recordContainer } from './record/container.ts';
import { recordLesson } from './record/record.ts';
import type { Recording } from './record/recording.ts';
import { searchScript } from './search-script.ts';
import { styleSheet } from './style.ts';

const labsFolder = fileURLToPath(new URL('../../../labs/', import.meta.url));
const languages: readonly Language[] = ['en', 'zh'];
/** Name of the page that has no lesson: a whole container. */
export const birth = 'container';

export interface Made {
  readonly pages: number;
  /** Lessons whose program could not be recorded, and why. */
  readonly failures: readonly { readonly id: string; readonly reason: string }[];
}

/**
 * Makes the site in `folder`, which is new or empty: each lesson's program is performed on this machine's kernel, one after the other.
 *
 * @param tell called before each lesson
 */
export async function makeSite(
  folder: string,
  options: { tell?: (id: string) => void; abort?: AbortSignal } = {},
): Promise<Made> {
  const lessons: Lesson[] = [];
  const ran = new Map<string, Ran>();
  for (const id of lessonIds()) {
    options.abort?.throwIfAborted();
    options.tell?.(id);
    const lesson = await loadLesson(id);
    lessons.push(lesson);
    ran.set(id, await record(lesson, options.abort));
  }
  options.tell?.(birth);
  ran.set(birth, await attempt(() => recordContainer(undefined, options.abort), options.abort));
  const made = { kernel: os.release(), date: new Date().toISOString().slice(0, 10) };
  let count = 0;
  for (const language of languages) {
    const pages = pagesOf(lessons, ran, language);
    pages.unshift(homePage(pages, lessons, language, made));
    for (const page of pages) write(folder, `${language}/${page.name}.html`, pageHtml(page, pages));
    write(folder, `assets/search.${language}.js`, searchScript(pages));
    count += pages.length;
  }
  write(folder, 'assets/handbook.css', styleSheet());
  write(folder, 'assets/handbook.js', await buildClient());
  write(folder, 'index.html', entry);
  return {
    pages: count,
    failures: [...ran].flatMap(([id, one]) => ('failed' in one ? [{ id, reason: one.failed }] : [])),
  };
}

async function record(lesson: Lesson, abort?: AbortSignal): Promise<Ran> {
  const [reason] = lesson.needs.map(missing).filter(reason => reason !== undefined);
  if (reason !== undefined) return { failed: reason.en };
  return await attempt(() => recordLesson(lesson, undefined, abort), abort);
}

async function attempt(action: () => Promise<Recording | undefined>, abort?: AbortSignal): Promise<Ran> {
  try {
    const recording = await action();
    return recording ? { recording } : { without: 'noProgram' };
  } catch (error) {
    abort?.throwIfAborted();
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

function pagesOf(lessons: readonly Lesson[], ran: ReadonlyMap<string, Ran>, language: Language): Page[] {
  const labs = fs.readdirSync(labsFolder).filter(name => /^\d\d-/.test(name));
  const names = new Set([...lessons.map(({ id }) => id), ...labs.map(id => `lab-${id}`)]);
  const linksOf = (page: string) => (target: string) => linkTo(target, page, names);
  const sheet = (id: string) => {
    const file = path.join(labsFolder, id, language === 'zh' ? 'README.zh-CN.md' : 'README.md');
    return labPage(id, fs.readFileSync(file, 'utf8'), language, linksOf(`lab-${id}`));
  };
  const terms = termsOf(lessons, language);
  const lessonOf = (lesson: Lesson) => {
    const { id } = lesson;
    const known = terms.filter(term => term.lesson.id <= id);
    return lessonPage(lesson, readText(id, language), ran.get(id)!, language, linksOf(id), known);
  };
  return [
    ...lessons.map(lessonOf),
    ...labs.sort().map(sheet),
    birthPage(ran.get(birth)!, language),
    glossaryPage(terms, language),
  ];
}

/** Where a link of a text leads here; undefined for a file of the checkout that has no page. */
function linkTo(target: string, page: string, pages: ReadonlySet<string>): string | undefined {
  const [file = '', fragment] = target.split('#');
  if (/^README(\.zh-CN)?\.md$/.test(file)) return `../${file.includes('zh') ? 'zh' : 'en'}/${page}.html`;
  if (/^(\.\.\/)+README(\.zh-CN)?\.md$/.test(file)) return 'index.html';
  const found = /(?:^|\/)(\d\d-[a-z0-9-]+)(?:\/(?:README(?:\.zh-CN)?\.md)?)?$/.exec(file)?.[1];
  const name = [found, `lab-${found}`].find(name => pages.has(name ?? ''));
  return name && `${name}.html${fragment ? `#${fragment}` : ''}`;
}

function write(folder: string, name: string, content: string): void {
  const file = path.join(folder, name);
  ensureDirectory(path.dirname(file), 0o777);
  fs.writeFileSync(file, content);
}

/** Leads to the reader's language. */
const entry = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>minidock</title><link rel="icon" href="data:,">
<script>location.replace((navigator.language.startsWith('zh') ? 'zh' : 'en') + '/index.html');</script></head>
<body><p><a href="en/index.html">English</a> · <a href="zh/index.html">中文</a></p></body></html>
`;
