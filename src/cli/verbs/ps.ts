import type { ContainerRecord } from '../../engine/engine.ts';
import { containerColumns, containerHeadings, containerRow } from '../container-row.ts';
import { integer, many, text, toggle } from '../flags.ts';
import { printListing, readFilters } from '../format/listing.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: {
    all: toggle('Show stopped containers as well', { short: 'a' }),
    filter: many('filter', (filter: string) => filter, 'Show only those with name, id, status or ancestor=…', {
      short: 'f',
    }),
    format: text(`'table', 'table TEMPLATE', 'json' or a Go template`),
    last: integer('Show the n newest containers, whatever their state', { short: 'n' }),
    latest: toggle('Show the newest container, whatever its state', { short: 'l' }),
    'no-trunc': toggle('Do not shorten ids and commands'),
    quiet: toggle('Print ids only', { short: 'q' }),
  },
  operands: [0, 0],
  async run(context, flags) {
    const matches = toPredicate(readFilters(flags.filter, ['name', 'id', 'status', 'ancestor']));
    const last = flags.latest ? 1 : (flags.last ?? -1);
    const asksForState = flags.filter.some(filter => filter.startsWith('status='));
    const engine = await context.engine();
    const records = (await engine.list({ all: flags.all || last > 0 || asksForState })).filter(matches);
    const shown = last > 0 ? records.slice(0, last) : records;
    const now = Date.now();
    const rows = shown.map(record => containerRow(record, now, { truncate: !flags['no-trunc'] }));
    if (flags.quiet && flags.format === undefined) context.output.out(rows.map(row => `${row.ID}\n`).join(''));
    else context.output.out(printListing(rows, flags.format, containerHeadings, containerColumns));
    return 0;
  },
});

/** Of one key any value may hold, of several keys each must. */
function toPredicate(filters: ReadonlyMap<string, readonly string[]>): (record: ContainerRecord) => boolean {
  const tests: Record<string, (record: ContainerRecord, value: string) => boolean> = {
    name: (record, value) => record.name.includes(value.replace(/^\^?\/?|\$$/g, '')),
    id: (record, value) => record.id.startsWith(value),
    status: (record, value) => record.state.status === value,
    ancestor: ({ image, imageId }, value) =>
      [image, `${image}:latest`].includes(value) ||
      `${value}:latest` === image ||
      imageId.replace(/^sha256:/, '').startsWith(value),
  };
  return record => [...filters].every(([key, values]) => values.some(value => tests[key]!(record, value)));
}
