import type { ContainerRecord } from '../../../container/record.ts';
import type { MinidockError } from '../../../errors.ts';
import { madeFrom } from '../../../image/ancestry.ts';
import type { Context } from '../../context.ts';
import { integer, text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { printWarning } from '../../print/diagnostics.ts';
import { filterFlag, printListing, readFilters } from '../../print/listing.ts';
import { containerFilter, containerFilters } from './filters.ts';
import { containerColumns, containerHeadings, containerRow } from './row.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: {
    all: toggle('Show stopped containers as well', { short: 'a' }),
    filter: filterFlag('Show only those with name=…, id, status, exited, ancestor, label, network or volume', {
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
    const filters = readFilters(flags.filter, containerFilters);
    const matches = containerFilter(filters, await ancestry(context, filters.get('ancestor') ?? []));
    const last = flags.latest ? 1 : (flags.last ?? -1);
    const engine = await context.engine();
    const broken = (error: MinidockError) => printWarning(context.output, `${error.message}; ${error.fix}`);
    const all = flags.all || last > 0 || filters.has('status');
    const records = (await engine.list({ all, broken })).filter(matches);
    const shown = last > 0 ? records.slice(0, last) : records;
    const now = Date.now();
    const rows = shown.map(record => containerRow(record, now, { truncate: !flags['no-trunc'] }));
    if (flags.quiet && flags.format === undefined) context.output.out(rows.map(row => `${row.ID}\n`).join(''));
    else await printListing(context.output, rows, flags.format, containerHeadings, containerColumns);
    return 0;
  },
});

/** Reads the images only where the filter asks for them. */
async function ancestry(context: Context, references: readonly string[]) {
  const images = references.length === 0 ? undefined : await context.images();
  const tests = new Map(images && references.map(reference => [reference, madeFrom(images, reference)]));
  return (record: ContainerRecord, reference: string) => tests.get(reference)?.(record) === true;
}
