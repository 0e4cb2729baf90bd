import { toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { printDeleted } from '../../print/deleted.ts';
import { filterFlag, readFilters } from '../../print/listing.ts';
import { humanSize } from '../../print/size.ts';
import { confirm } from '../../terminal/confirm.ts';

const warning = 'WARNING! This will remove all local volumes not used by at least one container.\n';

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: {
    filter: filterFlag('Remove only those with label=… or label!=…', { completes: ['label!=', 'label='] }),
    force: toggle('Do not ask', { short: 'f' }),
  },
  operands: [0, 0],
  async run({ output, engine }, flags) {
    const filters = readFilters(flags.filter, ['label', 'label!']);
    if (!flags.force && !confirm(output, warning)) {
      output.out('Total reclaimed space: 0B\n');
      return 0;
    }
    const { volumes } = await engine();
    const { names, bytes } = await volumes.prune({
      labels: filters.get('label'),
      withoutLabels: filters.get('label!'),
    });
    printDeleted(output, 'Volumes', names);
    output.out(`Total reclaimed space: ${humanSize(bytes)}\n`);
    return 0;
  },
});
