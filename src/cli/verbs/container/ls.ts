import { between, containerFilter, containerFilters } from '../../../api/shapes/container/filters.ts';
import { type ContainerRecord, isUp } from '../../../container/record.ts';
import { MinidockError } from '../../../errors.ts';
import { madeFrom } from '../../../image/ancestry.ts';
import type { Context } from '../../context.ts';
import { integer, text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { printWarning } from '../../print/diagnostics.ts';
import { filterFlag, printListing, type Row, readFilters } from '../../print/listing.ts';
import { containerColumns, containerHeadings, containerRow, rawContainer } from './row.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: {
    all: toggle('Show stopped containers as well', { short: 'a' }),
    filter: filterFlag(
      'Show only those with name=…, id, label, status, exited, health, ancestor, before, since, volume, network, publish or expose',
      {
        short: 'f',
        completes: [
          ...[
            'ancestor',
            'before',
            'exited',
            'expose',
            'id',
            'is-task',
            'label',
            'name',
            'publish',
            'since',
            'volume',
          ].map(key => `${key}=`),
          ...['bridge', 'host', 'none'].map(mode => `network=${mode}`),
          ...['healthy', 'none', 'starting', 'unhealthy'].map(health => `health=${health}`),
          ...['created', 'running', 'paused', 'restarting', 'exited', 'dead'].map(status => `status=${status}`),
        ],
      },
    ),
    format: text(`'table', 'table TEMPLATE', 'json' or a Go template`, { completes: ['json', 'table', 'raw'] }),
    last: integer('Show the n newest containers, whatever their state', { short: 'n' }),
    latest: toggle('Show the newest container, whatever its state', { short: 'l' }),
    'no-trunc': toggle('Do not shorten ids and commands'),
    quiet: toggle('Print ids only', { short: 'q' }),
    size: toggle('Show what each container wrote, and its size together with the image', { short: 's' }),
  },
  operands: [0, 0],
  async run(context, flags) {
    const filters = readFilters(flags.filter, containerFilters);
    const matches = containerFilter(filters, await ancestry(context, filters.get('ancestor') ?? []));
    const last = flags.latest ? 1 : (flags.last ?? -1);
    const engine = await context.engine();
    const all = flags.all || last > 0 || filters.has('status');
    const placed = filters.has('before') || filters.has('since');
    // The whole row as JSON has its size as well.
    const size = flags.size || /Size|json/.test(flags.format ?? '');
    // The ones before or after which others were made may have ended.
    const { containers, broken, sizes } = await engine.containers.list({ all: all || placed, size });
    for (const { reason, fix } of broken) printWarning(context.output, `${reason}; ${fix}`);
    const find = async (reference: string) => (await engine.containers.inspect(reference)).record.id;
    const records = (placed ? await between(containers, filters, find) : containers).filter(
      record => matches(record) && (all || !placed || isUp(record)),
    );
    const shown = last > 0 ? records.slice(0, last) : records;
    const now = Date.now();
    const labels = new Map<Row, ContainerRecord['config']['Labels']>();
    const rows = shown.map(record => {
      const row = containerRow(record, now, { truncate: !flags['no-trunc'], size: sizes[record.id] });
      labels.set(row, record.config.Labels);
      return row;
    });
    if (flags.quiet && (flags.format === undefined || flags.format === 'table')) {
      context.output.out(rows.map(row => `${row.ID}\n`).join(''));
      return 0;
    }
    const listing = {
      headings: containerHeadings,
      columns: flags.size ? [...containerColumns, 'Size'] : containerColumns,
      type: 'formatter.ContainerContext',
      raw: rawContainer,
      label: (row: Row, name: string) => labels.get(row)?.[name] ?? '',
      wording: { parse: 'failed to parse template: ', execute: 'failed to execute template: ', exitCode: 1 },
    };
    await printListing(context.output, rows, flags.format, listing);
    return 0;
  },
});

/** Reads the images only where the filter asks for them. As in Docker a name that means no image holds for no container. */
async function ancestry({ engine }: Context, references: readonly string[]) {
  if (references.length === 0) return () => false;
  const { images } = await engine();
  const all = await images.list();
  const tests = new Map<string, ReturnType<typeof madeFrom>>();
  for (const reference of references) {
    const image = await images.inspect(reference).catch(unlessNone);
    if (image !== undefined) tests.set(reference, madeFrom(image, all));
  }
  return (record: ContainerRecord, reference: string) => tests.get(reference)?.(record) === true;
}

function unlessNone(error: unknown): undefined {
  const none = ['no-such-image', 'invalid-reference', 'ambiguous-image'];
  if (!(error instanceof MinidockError && none.includes(error.code))) throw error;
}
