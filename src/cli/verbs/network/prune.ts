import { untilIn } from '../../../api/shapes/until.ts';
import { toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { printDeleted } from '../../print/deleted.ts';
import { filterFlag, readFilters } from '../../print/listing.ts';
import { confirm } from '../../terminal/confirm.ts';

const warning = 'WARNING! This will remove all custom networks not used by at least one container.\n';

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: {
    filter: filterFlag('Remove only those with until=TIME, label=… or label!=…', {
      completes: ['label!=', 'label=', 'until='],
    }),
    force: toggle('Do not ask', { short: 'f' }),
  },
  operands: [0, 0],
  async run({ output, engine }, flags) {
    const filters = readFilters(flags.filter, ['until', 'label', 'label!']);
    const until = untilIn(filters);
    if (!flags.force && !confirm(output, warning)) return 0;
    const { networks } = await engine();
    const labels = { labels: filters.get('label'), withoutLabels: filters.get('label!') };
    const { names } = await networks.prune({ until, ...labels });
    printDeleted(output, 'Networks', names);
    return 0;
  },
});
