import { MinidockError } from '../../errors.ts';
import { type Flag, many } from '../grammar/flags.ts';
import type { Template } from '../template/render.ts';
import { toJson } from '../template/values.ts';
import type { Output } from './output.ts';
import { inOneLine } from './printable.ts';
import { printTable } from './table.ts';

/** One line of a listing: what `--format` templates and `--format json` see. */
export type Row = Readonly<Record<string, string>>;

/**
 * Prints rows as `--format` asks: `table` (the default columns), `table {{.ID}}\t{{.Names}}`, `json`, or a template a row.
 *
 * @param headings what a column is called in a table's first line, by its key
 * @param columns the keys of the default table
 */
export async function printListing(
  output: Output,
  rows: readonly Row[],
  format: string | undefined,
  headings: Row,
  columns: readonly string[],
): Promise<void> {
  if (format === undefined || format === '' || format === 'table') {
    output.out(printTable([headings, ...rows.map(ofOneLine)].map(row => columns.map(column => row[column]!))));
    return;
  }
  if (format === 'json') {
    output.data(rows.map(row => `${toJson(row)}\n`).join(''));
    return;
  }
  // In a shell '\t' arrives as two characters.
  const source = format.replace(/\\t/g, '\t').replace(/\\n/g, '\n');
  if (source.startsWith('table')) {
    const template = await rowTemplate(source.slice('table'.length).trimStart());
    const lines = [headings, ...rows.map(ofOneLine)].flatMap(row => template(row).split('\n'));
    output.out(printTable(lines.map(line => line.split('\t'))));
    return;
  }
  const template = await rowTemplate(source);
  output.data(rows.map(row => `${template(row)}\n`).join(''));
}

/** Lines and columns of a table are ours: a value has none. */
function ofOneLine(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, inOneLine(value)]));
}

/** In a listing Docker exits with 1 where the template cannot be parsed; `inspect` and `version` exit with 64. */
async function rowTemplate(source: string): Promise<Template> {
  const { compileTemplate } = await import('../template/render.ts');
  try {
    return compileTemplate(source);
  } catch (error) {
    if (!(error instanceof MinidockError)) throw error;
    throw new MinidockError(error.code, error.message, { cause: error });
  }
}

/** The flag `--filter`. `readFilters` tells the keys apart. */
export function filterFlag(help: string, names: { short?: string } = {}): Flag<readonly string[]> {
  return many('filter', readFilter, help, names);
}

function readFilter(given: string): string {
  if (!given.includes('=')) throw new Error('bad format of filter (expected name=value)');
  return given;
}

/**
 * `--filter key=value`, given many times: values of one key are alternatives, different keys must all hold.
 *
 * @throws {MinidockError} `invalid-filter` for a key that is not in `known`
 */
export function readFilters(
  given: readonly string[],
  known: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const filters = new Map<string, string[]>();
  for (const filter of given) {
    const equals = filter.indexOf('=');
    const key = filter.slice(0, equals).trim().toLowerCase();
    if (!known.includes(key)) {
      throw new MinidockError('invalid-filter', `there is no filter '${key}'`, {
        fix: `filters are ${known.join(', ')}`,
      });
    }
    filters.set(key, [...(filters.get(key) ?? []), filter.slice(equals + 1).trim()]);
  }
  return filters;
}
