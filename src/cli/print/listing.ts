import { MinidockError } from '../../errors.ts';
import { type Flag, many } from '../grammar/flags.ts';
import type { Wording } from '../template/errors.ts';
import type { Output } from './output.ts';
import { inOneLine } from './printable.ts';
import { printTable } from './table.ts';

/** One line of a listing: what `--format` templates and `--format json` see. A column that costs something is a getter. */
export type Row = Readonly<Record<string, string>>;

export interface Listing {
  /** Every column, with its name in the first line of a table. */
  readonly headings: Row;
  /** Those of the default table. */
  readonly columns: readonly string[];
  /** What Docker's client calls the type of a row: `formatter.imageContext`. */
  readonly type: string;
  /** The template that `--format raw` stands for. */
  readonly raw?: string;
  /** `{{.Label "name"}}`. */
  readonly label?: (row: Row, name: string) => string;
  readonly wording?: Wording;
  /** As Docker's `ps` it tries the template, all of it, where there is no row, too. */
  readonly triesTemplate?: boolean;
}

/** Prints rows as `--format` asks: `table` (the default columns), or by a template. */
export async function printListing(
  output: Output,
  rows: readonly Row[],
  format: string | undefined,
  listing: Listing,
): Promise<void> {
  const { headings, columns } = listing;
  if (format === undefined || format === '' || format === 'table') {
    // A value must not break the table: newlines and tabs in it are escaped.
    output.out(printTable([headings, ...rows].map(row => columns.map(column => inOneLine(row[column]!)))));
    return;
  }
  const { printByTemplate } = await import('./templated-listing.ts');
  printByTemplate(output, rows, format, listing);
}

/** The flag `--filter`, of which an empty one is none. `readFilters` tells the keys apart. */
export function filterFlag(
  help: string,
  names: { short?: string; completes?: readonly string[] } = {},
): Flag<readonly string[]> {
  return {
    ...many('filter', readFilter, help, names),
    read: (given, before) => (given === '' ? before : [...before, readFilter(given)]),
  };
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
      throw new MinidockError('invalid-filter', `invalid filter '${key}'`, {
        fix: `filters are ${known.join(', ')}`,
      });
    }
    filters.set(key, [...(filters.get(key) ?? []), filter.slice(equals + 1).trim()]);
  }
  return filters;
}
