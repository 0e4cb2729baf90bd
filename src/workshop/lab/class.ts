import fs from 'node:fs';
import { errnoOf } from '../../errors.ts';
import { isRecord } from '../learners-file.ts';
import type { Language, Text } from '../text/language.ts';
import { isResult, type Result } from './logbook.ts';
import { says } from './says.ts';

/** A result with whose it is. */
export interface Row extends Result {
  readonly learner: string;
  readonly machine: string;
}

/** What `check --json` and `report --json` print, and `report FILES` reads: fields are added to and never renamed. */
export interface ResultsFile {
  readonly format: typeof format;
  readonly results: readonly Row[];
}

const format = 1;

export function resultsFile(results: readonly Row[]): string {
  return `${JSON.stringify({ format, results } satisfies ResultsFile, null, 2)}\n`;
}

/** The version of each lab here, by its id. */
export type Versions = ReadonlyMap<string, number>;

/**
 * The results of several files. Of one that cannot be read, or is no file of results, there is a line in `troubles`; of a name that results
 * from several machines have, one in `shared`.
 */
export function readResults(
  files: readonly string[],
  versions: Versions,
  language: Language,
): { rows: Row[]; shared: string[]; troubles: string[] } {
  const troubles: string[] = [];
  const rows = files.flatMap(file => {
    const found = readFile(file);
    if ('trouble' in found) troubles.push(found.trouble[language]);
    return 'rows' in found ? found.rows : [];
  });
  const shared = grouped(rows, ({ learner }) => learner)
    .map(group => ({ learner: group[0]!.learner, machines: new Set(group.map(({ machine }) => machine)).size }))
    .filter(({ machines }) => machines > 1)
    .map(({ learner, machines }) => says.report.shared(learner, machines)[language]);
  return { rows: best(rows, versions), shared, troubles };
}

/** What `npm run` without `-s` prints before the program begins. */
const banner = /^(?:(?:> .*)?\r?\n)+/;

function readFile(file: string): { rows: Row[] } | { trouble: Text } {
  let content: string;
  try {
    content = textOf(fs.readFileSync(file));
  } catch (error) {
    return { trouble: says.report.unreadable(file, errnoOf(error) ?? (error as Error).message) };
  }
  if (content.trim() === '') return { trouble: says.report.empty(file) };
  let value: unknown;
  try {
    value = JSON.parse(content.replace(banner, ''));
  } catch {
    return { trouble: says.report.noResults(file) };
  }
  if (isRecord(value) && typeof value.format === 'number' && value.format > format)
    return { trouble: says.report.newer(file, value.format, format) };
  if (!isRecord(value) || value.format !== format || !Array.isArray(value.results) || !value.results.every(isRow))
    return { trouble: says.report.noResults(file) };
  return { rows: value.results.map(row => ({ ...row, learner: row.learner.normalize().replace(/\s+/g, ' ').trim() })) };
}

/** Without its byte order mark: PowerShell's `>` writes UTF-16, and what it takes from a machine by ssh comes with one. */
function textOf(content: Buffer): string {
  const isWide = content[0] === 0xff && content[1] === 0xfe;
  return content.toString(isWide ? 'utf16le' : 'utf8').replace(/^\ufeff/, '');
}

const isRow = (value: unknown): value is Row =>
  isResult(value) && 'learner' in value && typeof value.learner === 'string' && 'machine' in value;

/**
 * Of several results of a learner in one lab, the one with the most points, for a file may be handed in twice. What was reached in
 * another version of the lab counts only where there is nothing else.
 */
function best(rows: readonly Row[], versions: Versions): Row[] {
  const isBetter = (row: Row, other: Row) =>
    isForeign(row, versions) === isForeign(other, versions) ? row.points > other.points : isForeign(other, versions);
  const found = new Map<string, Row>();
  for (const row of rows) {
    const key = JSON.stringify([row.learner, row.lab]);
    const other = found.get(key);
    if (other === undefined || isBetter(row, other)) found.set(key, row);
  }
  return [...found.values()];
}

/** A learner's line: points by lab. */
export interface Line {
  readonly learner: string;
  readonly points: ReadonlyMap<string, Row>;
  readonly total: number;
}

/** Learners by name, and all labs that somebody has done. */
export function classTable(rows: readonly Row[]): { labs: string[]; lines: Line[] } {
  const labs = [...new Set(rows.map(({ lab }) => lab))].sort();
  const learners = [...new Set(rows.map(({ learner }) => learner))].sort(new Intl.Collator().compare);
  const lines = learners.map(learner => {
    const own = rows.filter(row => row.learner === learner);
    const total = own.reduce((sum, { points }) => sum + points, 0);
    return { learner, points: new Map(own.map(row => [row.lab, row])), total };
  });
  return { labs, lines };
}

/** What a teacher should know of the results: other versions of a lab, and results that are another's. */
export function remarks(rows: readonly Row[], versions: Versions, language: Language): string[] {
  const alike = grouped(rows, ({ lab, version, values }) => JSON.stringify([lab, version, values])).filter(
    group => group.length > 1,
  );
  // Whoever handed in the files of another did so in several labs: a line for all of them.
  const copies = grouped(alike, group => JSON.stringify(learnersOf(group))).map(groups => {
    const labs = groups.map(([first]) => first!.lab).sort();
    return says.report.copied(labs, learnersOf(groups[0]!))[language];
  });
  const foreign = rows.filter(row => isForeign(row, versions));
  const others = grouped(foreign, ({ lab, version }) => `${lab} ${version}`).map(group => {
    const { lab, version } = group[0]!;
    const ours = versions.get(lab);
    const learners = learnersOf(group);
    if (ours === undefined) return says.report.unknownLab(lab, learners)[language];
    return says.report.otherVersion(lab, version, ours, learners)[language];
  });
  return [...others, ...copies];
}

/** Whether a result is of another version of its lab than the one here. */
export const isForeign = (row: Row, versions: Versions) => versions.get(row.lab) !== row.version;

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return [...groups.values()];
}

const learnersOf = (rows: readonly Row[]) => rows.map(({ learner }) => learner).sort();

/** RFC 4180, a line a learner, with a byte order mark: spreadsheets take the text for UTF-8 then. */
export function toCsv(rows: readonly Row[], language: Language): string {
  const { labs, lines } = classTable(rows);
  const head = [says.report.learner[language], ...labs, says.report.total[language]];
  const body = lines.map(({ learner, points, total }) => [
    learner,
    ...labs.map(lab => String(points.get(lab)?.points ?? '')),
    String(total),
  ]);
  return `\ufeff${[head, ...body].map(cells => cells.map(csvCell).join(',')).join('\r\n')}\r\n`;
}

/** A spreadsheet would compute what begins like a formula. */
function csvCell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  // LibreOffice offers to part cells at semicolons and tabs, too.
  return /[",;\t\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
