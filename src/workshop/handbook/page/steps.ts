import { type LessonSlug, lessonName } from '../../../syscalls/lessons.ts';
import type { Language } from '../../text/language.ts';
import type { RecordedStep } from '../record/recording.ts';
import { words } from '../words.ts';
import { escapeHtml } from './html.ts';

/** The table of a program's steps. */
export function tableHtml(steps: readonly RecordedStep[], language: Language): string {
  const heads = (['number', 'call', 'answer', 'why'] as const).map(
    key => `<th scope="col">${words[key][language]}</th>`,
  );
  return `<div class="wide steps"><table><thead><tr>${heads.join('')}</tr></thead><tbody>${rowsHtml(steps, language)}</tbody></table></div>`;
}

/** A row a step, below a line that says whose steps they are. */
export function rowsHtml(steps: readonly RecordedStep[], language: Language): string {
  const rows = steps.map((step, at) => {
    const name = sectionName(step, language);
    const before = steps[at - 1];
    const isNew = before === undefined || sectionName(before, language) !== name;
    const head = `<tr class="section"><th colspan="4" scope="rowgroup">${name}</th></tr>\n`;
    return (isNew ? head : '') + rowHtml(step, language);
  });
  return rows.join('\n');
}

function rowHtml({ number, call, answer, why, lesson, more }: RecordedStep, language: Language): string {
  const others = more ? ` <small>${words.more[language].replace('{n}', String(more))}</small>` : '';
  const link = lesson ? ` ${lessonLink(lesson as LessonSlug, language)}` : '';
  return `<tr class="step"><td>${number}</td><td><code>${escapeHtml(call)}</code>${others}</td><td class="${answer?.kind ?? ''}"><code>${escapeHtml(answer?.text ?? '')}</code></td><td>${escapeHtml(why[language])}${link}</td></tr>`;
}

function lessonLink(slug: LessonSlug, language: Language): string {
  const name = lessonName(slug);
  const number = String(Number(name.slice(0, 2)));
  const title = words.explained[language].replace('{n}', number);
  return `<a class="lesson" href="${name}.html" title="${title}">${number}</a>`;
}

/** Who performs a step: the sections that lessons and starts of containers have. */
export function sectionName({ section }: RecordedStep, language: Language): string {
  return words[section === 'child' || section === 'exec' ? section : 'host'][language];
}
