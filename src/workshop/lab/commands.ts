import chalk, { chalkStderr } from 'chalk';
import { MinidockError } from '../../errors.ts';
import { printable } from '../exercise/report.ts';
import { missingTool } from '../play/requirements.ts';
import type { Terminal } from '../terminal.ts';
import type { Language } from '../text/language.ts';
import { cell, renderTable } from '../text/table.ts';
import { findLab, labIds, loadLab } from './catalog.ts';
import { classTable, isForeign, type Row, readResults, remarks, resultsFile, toCsv } from './class.ts';
import { grade, gradeTask, resultOf } from './grade.ts';
import { Logbook, type Result } from './logbook.ts';
import type { LabOptions } from './options.ts';
import { placeOf } from './place.ts';
import { says } from './says.ts';
import { machineOf } from './seed.ts';
import { answer, begin, cleanUp, valuesOf } from './session.ts';
import { showCheck, showHints, showList, showSheet } from './show.ts';
import type { Lab, Place } from './types.ts';

/** Status of `check`: all done, something is not. What could not be done at all is 2. */
const DONE = 0;
const NOT_DONE = 1;

/** `npm run lab …`. Resolves with the exit status. */
export async function labCommand(options: LabOptions, terminal: Terminal): Promise<number> {
  const { language, action, rest } = options;
  const logbook = new Logbook();
  if (options.help) console.log(says.usage[language]);
  else if (action === 'name') await rename(rest.join(' '), logbook, terminal, language);
  else if (action === 'report') return report(options, logbook, terminal);
  else if (options.lab === undefined) {
    if (action !== undefined) throw usage(says.whichLab[language], `npm run lab 06 -- ${action}`);
    await showList(labIds(), logbook, terminal, language);
  } else return withLab(options, logbook, terminal);
  return DONE;
}

async function withLab(options: LabOptions, logbook: Logbook, terminal: Terminal): Promise<number> {
  const { language, rest } = options;
  const lab = await loadLab(findLab(options.lab!, labIds(), language));
  const place = placeOf(lab.id);
  switch (options.action) {
    case 'check':
      requireMachine(lab, language);
      return check(lab, place, options, logbook, terminal);
    case 'hint':
      return hint(lab, place, rest[0], logbook, terminal, language);
    case 'answer':
      return noteAnswer(lab, rest, logbook, terminal, language, place);
    case 'values':
      for (const [name, value] of Object.entries(valuesOf(lab, place, logbook, language)))
        process.stdout.write(`${name}='${value}'\n`);
      return DONE;
    case 'clean':
      return clean(lab, place, logbook, terminal, language);
    default:
      requireMachine(lab, language);
      await showSheet(lab.id, await begin(lab, place, logbook, language), terminal, language);
      return DONE;
  }
}

async function check(lab: Lab, place: Place, options: LabOptions, logbook: Logbook, terminal: Terminal) {
  const { language } = options;
  const values = valuesOf(lab, place, logbook, language);
  const entry = logbook.entry(lab.id);
  const graded = await grade(lab, place, values, entry);
  const result = resultOf(lab, graded, values, entry);
  await logbook.record(lab.id, result);
  const isDone = result.points === result.of;
  if (options.json) process.stdout.write(resultsFile([rowOf(result, logbook)]));
  else showCheck(lab.id, graded, result, entry.best, values, terminal, language);
  // Half a class is root on a machine of the same name.
  const unnamed = says.unnamed(logbook.learner)[language];
  if (!logbook.isNamed && options.json) console.error(chalkStderr.yellow(unnamed));
  else if (!logbook.isNamed && isDone) terminal.paragraph(unnamed, line => chalk.yellow(line));
  return isDone ? DONE : NOT_DONE;
}

const rowOf = (result: Result, logbook: Logbook): Row => ({
  learner: logbook.learner,
  machine: machineOf(),
  ...result,
});

async function hint(
  lab: Lab,
  place: Place,
  wanted: string | undefined,
  logbook: Logbook,
  terminal: Terminal,
  language: Language,
): Promise<number> {
  const values = valuesOf(lab, place, logbook, language);
  const number =
    wanted === undefined ? await firstUndone(lab, place, logbook, language) : taskNumber(lab, wanted, language);
  if (number === undefined) {
    terminal.line(says.nothingToHint[language]);
    return DONE;
  }
  const { hints } = lab.tasks[number - 1]!;
  const shown = Math.min((logbook.entry(lab.id).hints[number] ?? 0) + 1, hints.length);
  await logbook.countHint(lab.id, number, shown);
  const texts = hints.slice(0, shown).map(one => one(values)[language]);
  showHints(number, texts, hints.length, terminal, language);
  return DONE;
}

async function firstUndone(lab: Lab, place: Place, logbook: Logbook, language: Language): Promise<number | undefined> {
  const values = valuesOf(lab, place, logbook, language);
  const { answers } = logbook.entry(lab.id);
  for (const number of lab.tasks.keys()) {
    const { ok } = await gradeTask(lab, number + 1, place, values, answers[number + 1]);
    if (!ok) return number + 1;
  }
  return undefined;
}

function taskNumber(lab: Lab, word: string, language: Language): number {
  const number = /^\d{1,3}$/.test(word) ? Number(word) : 0;
  if (number >= 1 && number <= lab.tasks.length) return number;
  throw usage(says.noTask(word, lab.tasks.length)[language], says.seeHelp[language]);
}

async function noteAnswer(
  lab: Lab,
  [task = '', ...words]: readonly string[],
  logbook: Logbook,
  terminal: Terminal,
  language: Language,
  place: Place,
): Promise<number> {
  valuesOf(lab, place, logbook, language);
  const number = taskNumber(lab, task, language);
  const text = words.join(' ').trim();
  if (text === '') throw usage(says.emptyAnswer[language], `npm run lab ${lab.id.slice(0, 2)} -- answer ${number} …`);
  await answer(lab, number, text, logbook, language);
  terminal.prose(says.answered(lab.id.slice(0, 2), number, printable(text))[language]);
  return DONE;
}

async function clean(lab: Lab, place: Place, logbook: Logbook, terminal: Terminal, language: Language) {
  const begun = logbook.entry(lab.id).begun !== undefined;
  if (begun) requireRoot(language);
  const kept = await cleanUp(lab, place, logbook);
  terminal.line((begun ? says.cleaned : says.alreadyClean)(lab.id)[language]);
  if (kept !== undefined) terminal.paragraph(says.filesKept(kept)[language]);
  return DONE;
}

async function rename(name: string, logbook: Logbook, terminal: Terminal, language: Language): Promise<void> {
  const learner = printable(name).trim();
  if (learner === '') throw usage(says.emptyName[language], 'npm run lab -- name Li Lei');
  await logbook.rename(learner);
  terminal.line(says.named(learner)[language]);
}

async function report(
  { rest, json, csv, language }: LabOptions,
  logbook: Logbook,
  terminal: Terminal,
): Promise<number> {
  const own = () => ({ rows: logbook.results().map(result => rowOf(result, logbook)), shared: [], troubles: [] });
  const versions = new Map(await Promise.all(labIds().map(async id => [id, (await loadLab(id)).version] as const)));
  const { rows, shared, troubles } = rest.length > 0 ? readResults(rest, versions, language) : own();
  if (json) process.stdout.write(resultsFile(rows));
  else if (csv) process.stdout.write(toCsv(rows, language));
  else if (rows.length === 0) terminal.line(says.report.none[language]);
  else {
    const { labs, lines } = classTable(rows);
    const head = [says.report.learner[language], ...labs.map(lab => lab.slice(0, 2)), says.report.total[language]];
    // The room of a line: ten labs stand side by side.
    const pointsOf = ({ points, of }: Row) => (of === 100 ? String(points) : `${points}/${of}`);
    const marked = (row: Row | undefined) =>
      row === undefined ? '' : `${pointsOf(row)}${isForeign(row, versions) ? '*' : ''}`;
    const body = lines.map(({ learner, points, total }) => [
      cell(printable(learner)),
      ...labs.map(lab => cell(marked(points.get(lab)))),
      cell(String(total), chalk.bold),
    ]);
    terminal.line();
    terminal.lines(renderTable([head.map(text => cell(text, chalk.bold)), ...body], terminal.width, chalk.dim));
    terminal.line();
    const counts = rest.length > 0 ? [says.report.counts(rest.length, rows.length, lines.length)] : [];
    const legend = [says.report.fullMarks, ...counts].map(text => text[language]);
    terminal.paragraph(legend.join(' · '), line => chalk.dim(line));
    terminal.line();
  }
  // On the other stream: what is read by a program stays whole.
  for (const line of [...remarks(rows, versions, language), ...shared, ...troubles])
    console.error(chalkStderr.yellow(printable(line)));
  return troubles.length === 0 ? 0 : 1;
}

const usage = (message: string, fix: string) => new MinidockError('usage', message, { fix });

function requireRoot(language: Language): void {
  if (process.platform !== 'linux') throw new MinidockError('lab-cannot-run', says.notLinux[language]);
  if (process.geteuid?.() !== 0)
    throw new MinidockError('not-root', says.notRoot[language], { fix: says.useSudo[language] });
}

function requireMachine(lab: Lab, language: Language): void {
  requireRoot(language);
  for (const program of lab.programs) {
    const lacking = missingTool(program);
    if (lacking !== undefined) throw new MinidockError('lab-cannot-run', lacking[language]);
  }
}
