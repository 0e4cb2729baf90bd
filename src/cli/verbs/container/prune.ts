import { untilIn } from '../../../api/shapes/until.ts';
import { toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { printDeleted } from '../../print/deleted.ts';
import { filterFlag, readFilters } from '../../print/listing.ts';
import { humanSize } from '../../print/size.ts';
import { confirm } from '../../terminal/confirm.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: {
    filter: filterFlag('Remove only those with until=TIME, label=… or label!=…', {
      completes: ['label!=', 'label=', 'until='],
    }),
    force: toggle('Do not ask', { short: 'f' }),
  },
  operands: [0, 0],
  async run(context, flags) {
    const filters = readFilters(flags.filter, ['until', 'label', 'label!']);
    const until = untilIn(filters);
    if (!flags.force && !confirm(context.output, 'WARNING! This will remove all stopped containers.\n')) {
      context.output.out('Total reclaimed space: 0B\n');
      return 0;
    }
    const { containers } = await context.engine();
    const removed = await containers.prune({
      until,
      labels: filters.get('label'),
      withoutLabels: filters.get('label!'),
    });
    printDeleted(context.output, 'Containers', removed.ids);
    context.output.out(`Total reclaimed space: ${humanSize(removed.bytes)}\n`);
    return 0;
  },
});
