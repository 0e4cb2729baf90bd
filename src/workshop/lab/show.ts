import chalk from 'chalk';
import { padTo, widthOf } from '../../syscalls/text/columns.ts';
import { printable } from '../exercise/report.ts';
import { showStaying } from '../play/closing.ts';
import { showRow } from '../play/list.ts';
import type { Terminal } from '../terminal.ts';
import { type Language, wayToStay } from '../text/language.ts';
import { renderMarkdown } from '../text/markdown.ts';
import { wrapText } from '../text/width.ts';
import { labTitle, loadLab, readLabText } from './catalog.ts';
import type { Graded } from './grade.ts';
import type { Logbook, Result } from './logbook.ts';
import { says } from './says.ts';
import { cgroupVersion, fillIn, forThisHost } from './sheet.ts';
import type { Values } from './types.ts';

/** The labs with where the learner is. */
export async function showList(ids: readonly string[], logbook: Logbook, terminal: Terminal, language: Language) {
  terminal.paged = true;
  terminal.heading(says.labs[language]);
  const marks = { done: chalk.green('✓'), partly: chalk.yellow('◐'), notYet: chalk.dim('·') } as const;
  const rows = await Promise.all(
    ids.map(async id => {
      const { best, begun } = logbook.entry(id);
      const state = best && best.points === best.of ? 'done' : best || begun ? 'partly' : 'notYet';
      const { minutes } = await loadLab(id);
      return { id, state, note: (best ? says.points(best.points, best.of) : says.minutes(minutes))[language] } as const;
    }),
  );
  const [names, notes] = [rows.map(({ id }) => id), rows.map(({ note }) => note)].map(
    texts => Math.max(...texts.map(widthOf)) + 2,
  ) as [number, number];
  for (const { id, state, note } of rows)
    showRow(terminal, {
      head: `${marks[state]} ${chalk.cyan(padTo(id, names))}${note}`,
      title: labTitle(id, language),
      column: 2 + names + notes,
    });
  terminal.line();
  const legend = (['done', 'partly', 'notYet'] as const).map(state => `${marks[state]} ${says[state][language]}`);
  terminal.line(legend.join('   '));
  terminal.line();
  terminal.prose(says.youAre(logbook.learner)[language]);
  terminal.line();
  terminal.paragraph(says.howTo[language], line => chalk.dim(line));
  terminal.line();
  await terminal.settle();
}

/** The sheet with the learner's values, for this host's version of cgroups. */
export async function showSheet(id: string, values: Values, terminal: Terminal, language: Language): Promise<void> {
  const text = fillIn(forThisHost(readLabText(id, language), cgroupVersion()), values);
  terminal.paged = true;
  terminal.line();
  terminal.lines(renderMarkdown(text, { width: terminal.width, chalk }).trimEnd().split('\n'));
  terminal.line();
  terminal.paragraph(says.goOn(id.slice(0, 2))[language], line => chalk.dim(line));
  showStaying(wayToStay(language, process.env), terminal, language);
  terminal.line();
  await terminal.settle();
}

/** What a check found, task by task. */
export function showCheck(
  id: string,
  graded: readonly Graded[],
  result: Result,
  best: Result | undefined,
  values: Values,
  terminal: Terminal,
  language: Language,
): void {
  const number = id.slice(0, 2);
  terminal.heading(says.lab(number, labTitle(id, language))[language]);
  for (const {
    number: task,
    task: { points, ask },
    findings,
    ok,
  } of graded) {
    const paint = ok ? chalk.green : chalk.red;
    const head = says.task(task, ok ? points : 0, points)[language];
    terminal.line(paint(`${ok ? '✓' : '✗'} ${head}`));
    terminal.prose(ask(values)[language]);
    for (const { ok, what, hint } of findings) {
      hanging(terminal, `  ${ok ? chalk.green('✓') : chalk.red('✗')} `, printable(what[language]));
      if (!ok) hanging(terminal, chalk.yellow('    → '), printable(hint[language]), chalk.yellow);
    }
    terminal.line();
  }
  const all = result.points === result.of;
  terminal.line((all ? chalk.green : chalk.yellow)(says.points(result.points, result.of)[language]));
  if (all) terminal.paragraph(says.allDone(number)[language], line => chalk.green(line));
  else terminal.paragraph(says.goOn(number)[language], line => chalk.dim(line));
  if (best !== undefined && best.points > result.points) terminal.paragraph(says.better(best.points)[language]);
  terminal.line();
}

/** A paragraph behind a sign; its further lines stand below its first word. */
function hanging(terminal: Terminal, sign: string, text: string, paint: (text: string) => string = one => one): void {
  const column = widthOf(sign);
  for (const [i, line] of wrapText(text, terminal.width - column).entries())
    terminal.line(`${i === 0 ? sign : ' '.repeat(column)}${paint(line)}`);
}

/** The hints for a task that were asked for so far. */
export function showHints(
  task: number,
  hints: readonly string[],
  all: number,
  terminal: Terminal,
  language: Language,
): void {
  terminal.heading(says.hint(task, hints.length, all)[language]);
  for (const [i, hint] of hints.entries()) {
    if (i > 0) terminal.line();
    terminal.prose(`${i + 1}. ${hint}`);
  }
  terminal.line();
  terminal.paragraph((hints.length < all ? says.moreHints : says.noMoreHints)[language], line => chalk.dim(line));
  terminal.line();
}
