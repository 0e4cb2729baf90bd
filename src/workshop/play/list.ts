import chalk from 'chalk';
import { lessonIds, loadLesson } from '../catalog.ts';
import { Progress } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import type { Language } from '../text/language.ts';
import { padTo, widthOf, wrapText } from '../text/width.ts';
import { words } from '../text/words.ts';

/** Lists the lessons: number, title, what it is about, done or not. */
export async function listLessons(terminal: Terminal, language: Language): Promise<void> {
  const progress = Progress.load();
  const lessons = await Promise.all(lessonIds().map(loadLesson));
  const widest = Math.max(...lessons.map(lesson => widthOf(lesson.title[language])));
  terminal.part(words.lessons[language]);
  for (const lesson of lessons) {
    const done = progress.isSeen(lesson.id);
    const mark = done ? chalk.green('✓') : chalk.dim('·');
    const state = done ? chalk.green(words.done[language]) : '';
    terminal.line(
      `${mark} ${chalk.cyan(lesson.id.slice(0, 2))}  ${chalk.bold(padTo(lesson.title[language], widest))}  ${state}`.trimEnd(),
    );
    for (const line of wrapText(lesson.about[language], terminal.width - 6)) terminal.line(`      ${chalk.dim(line)}`);
  }
  terminal.line();
  terminal.paragraph(words.howToRun[language], line => chalk.dim(line));
  terminal.line();
}
