import type { Lesson } from '../../lesson.ts';
import type { Language } from '../../text/language.ts';
import { words } from '../words.ts';
import { escapeHtml } from './html.ts';
import { inlineHtml, renderHtml, type Surroundings } from './markdown.ts';
import type { Page } from './page.ts';
import { type Ran, ranHtml } from './program.ts';
import { plain, type Term } from './terms.ts';

/** A lab's sheet. */
export function labPage(id: string, text: string, language: Language, link: Surroundings['link']): Page {
  const { html, parts } = renderHtml(text, { link, noPage: words.inCheckout[language] });
  const title = (parts[1]?.heading ?? id).replace(/^(Lab|实验) ?\d+(\. |: |：|\.)?/, '');
  return { name: `lab-${id}`, language, title, number: String(Number(id.slice(0, 2))), kind: 'lab', html, parts };
}

/** How a whole container is made. */
export function birthPage(ran: Ran, language: Language): Page {
  const title = words.birth[language];
  const about = inlineHtml(words.birthAbout[language]);
  const html = `<h1>${title}</h1>\n<p>${about}</p>\n${ranHtml(ran, language)}`;
  const steps = 'recording' in ran ? ran.recording.steps : [];
  const text = steps.map(({ call, why }) => `${call} ${why[language]}`).join('\n');
  return { name: 'container', language, title, kind: 'birth', html, parts: [{ anchor: '', heading: title, text }] };
}

/** Every word of the course, in the order of its language, with the lesson that introduces it. */
export function glossaryPage(terms: readonly Term[], language: Language): Page {
  const compare = new Intl.Collator(language === 'zh' ? 'zh-u-co-pinyin' : 'en').compare;
  const entries = terms.toSorted((a, b) => compare(plain(a.term), plain(b.term)));
  const rows = entries.map(
    ({ lesson: { id, title }, term, means, anchor }) =>
      `<dt id="${anchor}">${inlineHtml(term)}</dt><dd>${inlineHtml(means)} <a class="lesson" href="${id}.html" title="${escapeHtml(title[language])}">${Number(id.slice(0, 2))}</a></dd>`,
  );
  const title = words.glossary[language];
  const parts = entries.map(({ term, means, anchor }) => ({ anchor, heading: plain(term), text: plain(means) }));
  const html = `<h1>${title}</h1>\n<p>${words.glossaryAbout[language]}</p>\n<dl class="glossary">${rows.join('\n')}</dl>`;
  return { name: 'glossary', language, title, kind: 'glossary', html, parts };
}

/** The first page: what there is. */
export function homePage(
  pages: readonly Page[],
  lessons: readonly Lesson[],
  language: Language,
  made: { readonly kernel: string; readonly date: string },
): Page {
  const title = words.title[language];
  const about = new Map(lessons.map(lesson => [lesson.id, lesson]));
  const card = (page: Page) => {
    const lesson = about.get(page.name);
    const minutes = lesson && `<small>${words.minutes[language].replace('{n}', String(lesson.minutes))}</small>`;
    const line = lesson ? `<span>${inlineHtml(lesson.about[language])}</span>` : '';
    return `<li><a href="${page.name}.html"><span class="number">${page.number}</span><strong>${escapeHtml(page.title)}</strong>${line}${minutes ?? ''}</a></li>`;
  };
  const cards = pages.filter(({ kind }) => kind === 'lesson').map(card);
  const labs = pages.filter(({ kind }) => kind === 'lab').map(card);
  const recorded = words.recordedOn[language].replace('{kernel}', made.kernel).replace('{date}', made.date);
  const html = `<h1>${escapeHtml(title)}</h1>
<p>${words.about[language]}</p>
<h2>${words.lessons[language]}</h2>
<ul class="cards">${cards.join('\n')}</ul>
<h2>${words.labs[language]}</h2>
<ul class="cards">${labs.join('\n')}</ul>
<h2>${words.birth[language]}</h2>
<p>${inlineHtml(words.birthAbout[language])} <a href="container.html">${words.birth[language]}</a></p>
<p class="hint">${escapeHtml(recorded)}</p>`;
  return { name: 'index', language, title, kind: 'home', html, parts: [] };
}
