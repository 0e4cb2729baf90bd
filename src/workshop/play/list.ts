import chalk from 'chalk';
import { padTo, widthOf } from '../../syscalls/text/columns.ts';
import { lessonIds, loadLesson, readTitle } from '../catalog.ts';
import { Progress } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import type { Language } from '../text/language.ts';
import { wrapText } from '../text/width.ts';
import { words } from '../text/words.ts';

type State = 'passed' | 'seen' | 'new';

const marks: Record<State, string> = {
  passed: chalk.green('✓'),
  seen: chalk.cyan('○'),
  new: chalk.dim('·'),
};

/**
 * Lists the course: what one types for each lesson, its title, whether its exercise is passed. Titles are read from the texts,
 * for the lessons' modules load the engine.
 */
export async function listLessons(terminal: Terminal, language: Language): Promise<void> {
  const progress = Progress.load();
  const ids = lessonIds();
  const stateOf = (id: string): State => {
    if (progress.isPassed(id)) return 'passed';
    return progress.isSeen(id) ? 'seen' : 'new';
  };
  terminal.paged = true;
  terminal.heading(words.lessons[language]);
  const widest = Math.max(...ids.map(widthOf));
  for (const id of ids) {
    showRow(terminal, {
      head: `${marks[stateOf(id)]} ${chalk.cyan(id)}`,
      title: readTitle(id, language),
      column: widest + 4,
    });
  }
  terminal.line();
  const legend = (['passed', 'seen', 'new'] as const).map(state => `${marks[state]} ${words[state][language]}`);
  terminal.line(legend.join('   '));
  const next = ids.find(id => stateOf(id) === 'new') ?? ids.find(id => stateOf(id) === 'seen');
  if (next !== undefined) {
    terminal.line();
    terminal.line(`${words.next[language]} ${chalk.cyan(`npm run lesson ${next}`)}`);
    const { about } = await loadLesson(next);
    terminal.paragraph(about[language], line => chalk.dim(line));
  }
  terminal.line();
  terminal.paragraph(words.howToRun[language], line => chalk.dim(line));
  terminal.line();
  await terminal.settle();
}

/** A row of a list: its title begins at `column`; on a narrow terminal it stands below the head. */
export function showRow(terminal: Terminal, { head, title, column }: { head: string; title: string; column: number }) {
  const beside = terminal.width - column;
  if (beside < 30) {
    terminal.line(head);
    for (const line of wrapText(title, terminal.width - 5)) terminal.line(`     ${chalk.bold(line)}`);
    return;
  }
  const [first = '', ...rest] = wrapText(title, beside);
  terminal.line(`${padTo(head, column)}${chalk.bold(first)}`);
  for (const line of rest) terminal.line(`${padTo('', column)}${chalk.bold(line)}`);
}
