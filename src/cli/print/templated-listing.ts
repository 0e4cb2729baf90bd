import { encodeJson } from '../../api/go/json.ts';
import { type Method, map, pointer, type Scalar, slice, string, struct } from '../../api/go/types.ts';
import { value } from '../../api/go/values.ts';
import { inWordsOf, type Wording } from '../template/errors.ts';
import { compileTemplate, type Template } from '../template/render.ts';
import { headingFunctions } from '../template/run/functions.ts';
import type { Listing, Row } from './listing.ts';
import type { Output } from './output.ts';
import { inOneLine } from './printable.ts';
import { printTable } from './table.ts';

/** Docker's client exits with 1 here, also where the template cannot be parsed. */
const usual: Wording = { parse: 'template parsing error: ', execute: 'template parsing error: ', exitCode: 1 };

/** Rows by a template (loaded only for `--format`): `json`, `raw`, `table {{.ID}}\t{{.Names}}`, or a template a row. */
export function printByTemplate(output: Output, rows: readonly Row[], format: string, listing: Listing): void {
  const source = (format === 'raw' && listing.raw) || withTabs(format);
  inWordsOf(listing.wording ?? usual, () => {
    if (rows.length === 0 && listing.triesTemplate && format !== 'json')
      compileTemplate(source)(
        value(
          rowType(listing, text => text),
          listing.headings,
        ),
      );
    if (source.startsWith('table')) output.out(table(rows, source.slice('table'.length).trimStart(), listing));
    else {
      const type = rowType(listing, value => value);
      const print = format === 'json' ? encodeJson : compileTemplate(source);
      output.data(rows.map(row => `${print(value(type, row))}\n`).join(''));
    }
  });
}

interface Part {
  readonly listing: Listing;
  readonly rows: readonly Row[];
}

/** Several listings by one template, which knows each as a list of that name; `type` is what Docker's client calls the whole. */
export function printTogether(
  output: Output,
  parts: Readonly<Record<string, Part>>,
  format: string,
  type: string,
): void {
  const whole = struct(
    type,
    Object.fromEntries(
      Object.entries(parts).map(([name, { listing }]) => [name, slice(rowType(listing, text => text))]),
    ),
  );
  const rows = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.rows]));
  inWordsOf(usual, () => {
    const shown = value(pointer(whole), rows);
    // As in Docker the template ends its lines itself.
    output.data(format === 'json' ? `${encodeJson(shown)}\n` : compileTemplate(withTabs(format))(shown));
  });
}

// In a shell '\t' arrives as two characters.
const withTabs = (format: string): string => format.replace(/\\t/g, '\t').replace(/\\n/g, '\n');

function table(rows: readonly Row[], source: string, listing: Listing): string {
  const template = compileTemplate(source);
  // A value must not break lines and columns: newlines and tabs in it are escaped.
  const type = rowType(listing, inOneLine);
  const lines = [heading(template, listing), ...rows.map(row => template(value(type, row)))];
  return printTable(lines.flatMap(line => line.split('\n')).map(line => line.split('\t')));
}

/** In Docker's client a row is a struct with a method for each column. */
function rowType({ headings, type, label }: Listing, shown: (value: string) => string) {
  const method = (parameters: readonly Scalar[], call: (row: Row, ...args: never[]) => string): Method => ({
    parameters,
    result: string,
    call: (row: Row, ...args) => shown(call(row, ...args)),
  });
  const methods = Object.fromEntries(Object.keys(headings).map(column => [column, method([], row => row[column]!)]));
  if (label !== undefined) methods.Label = method([string], label);
  return pointer(struct(type, {}, { methods, marshalsMethods: true }));
}

/** The template as it prints the headings: a function that would change a value does not change its heading. */
function heading(template: Template, { headings }: Listing): string {
  return template(value(headingType, headings), { functions: headingFunctions });
}

const headingType = {
  ...map(string, string, 'formatter.SubHeaderContext'),
  methods: { Label: { parameters: [string], result: string, call: (_: unknown, label: string) => headingOf(label) } },
};

/** Of a label `com.example.my-cpu` the last part: `my cpu`. */
const headingOf = (label: string): string => label.split('.').at(-1)!.replace(/[-_]/g, ' ');
