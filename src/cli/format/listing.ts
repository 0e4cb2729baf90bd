import { MinidockError } from '../../errors.ts';
import { compileTemplate } from '../template/render.ts';
import { toJson } from '../template/values.ts';
import { printTable } from './table.ts';

/** One line of a listing: what `--format` templates and `--format json` see. */
export type Row = Readonly<Record<string, string>>;

/**
 * Prints rows as `--format` asks: `table` (the default columns), `table {{.ID}}\t{{.Names}}`, `json`, or a template a row.
 *
 * @param headings what a column is called in a table's first line, by its key
 * @param columns the keys of the default table
 */
export function printListing(
  rows: readonly Row[],
  format: string | undefined,
  headings: Row,
  columns: readonly string[],
): string {
  if (format === undefined || format === '' || format === 'table') {
    return printTable([headings, ...rows].map(row => columns.map(column => row[column]!)));
  }
  if (format === 'json') return rows.map(row => `${toJson(row)}\n`).join('');
  // In a shell '\t' arrives as two characters.
  const source = format.replace(/\\t/g, '\t').replace(/\\n/g, '\n');
  if (source.startsWith('table')) {
    const template = compileTemplate(source.slice('table'.length).trimStart());
    return printTable([headings, ...rows].map(row => template(row).split('\t')));
  }
  const template = compileTemplate(source);
  return rows.map(row => `${template(row)}\n`).join('');
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
    const key = filter.slice(0, Math.max(0, equals)).trim().toLowerCase();
    if (equals < 0) throw new MinidockError('invalid-filter', `filter ${JSON.stringify(filter)} is not key=value`);
    if (!known.includes(key)) {
      throw new MinidockError('invalid-filter', `there is no filter '${key}'`, {
        fix: `filters are ${known.join(', ')}`,
      });
    }
    filters.set(key, [...(filters.get(key) ?? []), filter.slice(equals + 1).trim()]);
  }
  return filters;
}
