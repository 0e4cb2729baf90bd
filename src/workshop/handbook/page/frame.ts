import type { Language } from '../../text/language.ts';
import { words } from '../words.ts';
import { escapeHtml, jsonHtml } from './html.ts';
import type { Page } from './page.ts';

const tags: Record<Language, string> = { en: 'en', zh: 'zh-CN' };

/**
 * A page as a file. It asks no other machine for anything and is forbidden to; from a disk, too, all of it works: what the
 * search needs comes as a script, since a page of a disk may read no file.
 */
export function pageHtml(page: Page, pages: readonly Page[]): string {
  const { language, title } = page;
  const say = (key: keyof typeof words) => escapeHtml(words[key][language]);
  const other = language === 'en' ? 'zh' : 'en';
  const text = Object.fromEntries(Object.entries(words).map(([key, text]) => [key, text[language]]));
  return `<!doctype html>
<html lang="${tags[language]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self' 'unsafe-inline' file:; script-src 'self' file: 'unsafe-inline'; img-src 'self' data: file:; connect-src 'self'">
<title>${escapeHtml(page.kind === 'home' ? title : `${title} · ${words.title[language]}`)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="../assets/handbook.css">
<script>document.documentElement.dataset.theme = (() => { try { return localStorage.getItem('minidock-theme') } catch {} })() || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');</script>
</head>
<body data-page="${page.name}" data-language="${language}">
<a class="skip" href="#text">${say('skip')}</a>
<header class="bar">
<button id="menu" type="button" aria-label="${say('menu')}" title="${say('menu')}" aria-expanded="false" aria-controls="contents">☰</button>
<a class="home" href="index.html">${say('title')}</a>
<div class="search"><input id="search" type="search" placeholder="${say('search')}" aria-label="${say('search')}" autocomplete="off" role="combobox" aria-expanded="false" aria-controls="found"><ul id="found" role="listbox" hidden></ul></div>
<a id="other" href="../${other}/${page.name}.html" lang="${tags[other]}" hreflang="${tags[other]}">${say('other')}</a>
<button id="theme" type="button" aria-label="${say('theme')}" title="${say('theme')}">◐</button>
</header>
<nav id="contents" aria-label="${say('menu')}">
${contentsHtml(page, pages)}
</nav>
<main id="text" class="${page.kind}">
${page.html}
${neighboursHtml(page, pages)}
</main>
<script id="words" type="application/json">${jsonHtml(text)}</script>
<script src="../assets/search.${language}.js" defer></script>
<script src="../assets/handbook.js" defer></script>
</body>
</html>
`;
}

function contentsHtml(page: Page, pages: readonly Page[]): string {
  const { language } = page;
  const item = (one: Page) =>
    `<li${one.name === page.name ? ' class="here"' : ''}><a href="${one.name}.html"${one.name === page.name ? ' aria-current="page"' : ''}><span class="number">${one.number ?? ''}</span>${escapeHtml(one.title)}</a></li>`;
  const of = (kind: Page['kind']) => pages.filter(one => one.kind === kind);
  const group = (title: string, items: readonly string[]) =>
    items.length === 0 ? '' : `<h2>${escapeHtml(title)}</h2>\n<ul>\n${items.join('\n')}\n</ul>`;
  return [
    group(words.lessons[language], of('lesson').map(item)),
    group(words.labs[language], of('lab').map(item)),
    `<ul class="others">\n${[...of('birth'), ...of('glossary')].map(item).join('\n')}\n</ul>`,
  ].join('\n');
}

function neighboursHtml(page: Page, pages: readonly Page[]): string {
  const row = pages.filter(({ kind }) => kind === page.kind);
  const at = row.indexOf(page);
  if (page.kind !== 'lesson' && page.kind !== 'lab') return '';
  const link = (one: Page | undefined, key: 'previous' | 'next') =>
    one === undefined
      ? '<span></span>'
      : `<a class="${key}" rel="${key === 'next' ? 'next' : 'prev'}" href="${one.name}.html"><small>${words[key][page.language]}</small>${escapeHtml(`${one.number}. ${one.title}`)}</a>`;
  return `<footer class="neighbours">${link(row[at - 1], 'previous')}${link(row[at + 1], 'next')}</footer>`;
}
