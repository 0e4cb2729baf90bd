import { figureToElement } from '../../figure/svg.ts';
import type { Lesson } from '../../lesson.ts';
import type { Language } from '../../text/language.ts';
import { markdownSections } from '../../text/markdown.ts';
import { sectionHeadings } from '../../text/sections.ts';
import { words } from '../words.ts';
import { codeHtml, inlineHtml, type Part, renderHtml, type Surroundings } from './markdown.ts';
import type { Page } from './page.ts';
import { type Ran, ranHtml } from './program.ts';
import { quizHtml } from './quiz.ts';
import { type Term, TermLinks } from './terms.ts';

/**
 * A lesson: its text, and between the parts of that what only the lesson itself knows: questions, the program, the words.
 *
 * @param known words that the text leads to: those of this lesson and of the ones before
 */
export function lessonPage(
  lesson: Lesson,
  text: string,
  ran: Ran,
  language: Language,
  link: Surroundings['link'],
  known: readonly Term[],
): Page {
  const { figure } = lesson;
  const parts: Part[] = [];
  const terms = new TermLinks(known);
  const render = (source: string) => {
    const rendered = renderHtml(source, {
      link,
      terms,
      noPage: words.inCheckout[language],
      image: file => (figure && file.startsWith('figure.') ? pictureHtml(figure, language) : undefined),
    });
    parts.push(...rendered.parts);
    return rendered.html;
  };
  const [head, ...sections] = markdownSections(text);
  const title = head!.heading.replace(/^\d+\. /, '');
  const number = String(Number(lesson.id.slice(0, 2)));
  const html = [
    render(head!.source),
    `<p class="facts"><span>${words.minutes[language].replace('{n}', String(lesson.minutes))}</span> <code>npm run lesson ${lesson.id}</code></p>`,
  ];
  for (const { heading, source } of sections) {
    if (isHeading(heading, 'idea')) html.push(h2('guess', language), quizHtml(lesson.question, 'guess', language));
    html.push(render(source));
    if (isHeading(heading, 'syscalls'))
      html.push(h2('program', language), ranHtml(ran, language), byHandHtml(lesson, language));
    if (isHeading(heading, 'engine')) html.push(recapHtml(lesson, language));
  }
  html.push(glossaryHtml(lesson, language));
  return {
    name: lesson.id,
    language,
    title: title.replaceAll('`', ''),
    number,
    kind: 'lesson',
    html: html.join('\n'),
    parts,
  };
}

function isHeading(heading: string, key: keyof typeof sectionHeadings): boolean {
  return Object.values(sectionHeadings[key]).includes(heading as never);
}

function h2(key: 'guess' | 'recap' | 'program' | 'byHand' | 'glossary', language: Language): string {
  return `<h2 id="${key}">${words[key][language]}</h2>`;
}

function pictureHtml(figure: NonNullable<Lesson['figure']>, language: Language): string {
  return `<span class="wide figure-frame">${figureToElement(figure, language)}</span>`;
}

function byHandHtml({ byHand }: Lesson, language: Language): string {
  const code = codeHtml(byHand.lines, byHand.language);
  return `${h2('byHand', language)}\n<p>${inlineHtml(byHand.caption[language])}</p>\n${code}`;
}

function recapHtml({ recap }: Lesson, language: Language): string {
  const questions = recap.map((question, at) => quizHtml(question, `recap-${at + 1}`, language));
  return `${h2('recap', language)}\n${questions.join('\n')}`;
}

function glossaryHtml({ glossary }: Lesson, language: Language): string {
  const entries = glossary.map(
    ({ term, means }) => `<dt>${inlineHtml(term[language])}</dt><dd>${inlineHtml(means[language])}</dd>`,
  );
  return `${h2('glossary', language)}\n<dl>${entries.join('\n')}</dl>`;
}
