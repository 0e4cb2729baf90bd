import fs from 'node:fs';
import path from 'node:path';
import chalk from 'chalk';
import { padTo, widthOf } from '../../syscalls/text/columns.ts';
import { lessonsFolder } from '../catalog.ts';
import type { Lesson } from '../lesson.ts';
import type { Terminal } from '../terminal.ts';
import type { Language } from '../text/language.ts';
import { words } from '../text/words.ts';

/** The words of the lesson, one paragraph each. */
export async function showGlossary(lesson: Lesson, terminal: Terminal, language: Language): Promise<void> {
  await terminal.part(words.glossary[language]);
  for (const { term, means } of lesson.glossary)
    terminal.prose(`**${term[language]}**${words.colon[language]}${means[language]}`);
}

/** How later commands speak this language as well: said where commands to type are named. */
export function showStaying(staying: string | undefined, terminal: Terminal, language: Language): void {
  if (staying === undefined) return;
  terminal.line();
  terminal.paragraph(`${words.staysSo[language]}${words.colon[language]}${staying}`, line => chalk.dim(line));
}

/** What to read next: pages elsewhere, the lesson's own text, the engine's source, the next lesson. */
export async function showReading(
  lesson: Lesson,
  ids: readonly string[],
  terminal: Terminal,
  language: Language,
): Promise<void> {
  await terminal.part(words.readOn[language]);
  const folder = path.relative(process.cwd(), path.join(lessonsFolder, lesson.id)) || '.';
  const translated = language === 'zh' && fs.existsSync(path.join(lessonsFolder, lesson.id, 'README.zh-CN.md'));
  const next = ids[ids.indexOf(lesson.id) + 1];
  const rows: [string, string][] = [
    ...lesson.reading.map(({ what, where }): [string, string] => [
      `${what[language].replaceAll('`', '')}${words.colon[language]}`.trimEnd(),
      where,
    ]),
    [words.readme[language], `${folder}/${translated ? 'README.zh-CN.md' : 'README.md'}`],
    ...lesson.sources.map((source, i): [string, string] => [i === 0 ? words.source[language] : '', source]),
    ...(lesson.engineCommand
      ? [[words.command[language], `bin/${lesson.engineCommand.join(' ')}`] as [string, string]]
      : []),
    next ? [words.next[language], `npm run lesson ${next}`] : [words.last[language], ''],
  ];
  const widest = Math.max(...rows.map(([label]) => widthOf(label)));
  for (const [label, value] of rows) {
    if (widest + 2 + widthOf(value) <= terminal.width)
      terminal.line(`${padTo(label, widest)}  ${chalk.cyan(value)}`.trimEnd());
    else {
      if (label !== '') terminal.paragraph(label);
      terminal.line(`    ${chalk.cyan(value)}`);
    }
  }
  terminal.line();
}
