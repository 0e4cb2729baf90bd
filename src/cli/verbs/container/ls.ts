import { containerFilters } from '../../../api/shapes/container/filters.ts';
import { selectContainers } from '../../../api/shapes/container/selection.ts';
import type { ContainerRecord } from '../../../container/record.ts';
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
    const { last: given = -1 } = flags;
    const last = flags.latest && given === -1 ? 1 : given;
    // The whole row as JSON has its size as well.
    const size = flags.size || /Size|json/.test(flags.format ?? '');
    const selection = { all: flags.all, last, size, filters };
    const { containers, broken, sizes } = await selectContainers(await context.engine(), selection);
    for (const { reason, fix } of broken) printWarning(context.output, `${reason}; ${fix}`);
    const now = Date.now();
    const labels = new Map<Row, ContainerRecord['config']['Labels']>();
    const rows = containers.map(record => {
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
      raw: flags.quiet ? 'container_id: {{.ID}}' : rawContainer,
      triesTemplate: true,
      label: (row: Row, name: string) => labels.get(row)?.[name] ?? '',
      wording: { parse: 'failed to parse template: ', execute: 'failed to execute template: ', exitCode: 1 },
    };
    await printListing(context.output, rows, flags.format, listing);
    return 0;
  },
});
