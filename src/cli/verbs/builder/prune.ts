import { readInstant } from '../../../api/shapes/instant.ts';
import { single, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { filterFlag, readFilters } from '../../print/listing.ts';
import { humanSize, readBytes } from '../../print/size.ts';
import { confirm } from '../../terminal/confirm.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: {
    all: toggle('Forget also the steps of images that have a name', { short: 'a' }),
    filter: filterFlag('Forget only what is older: until=TIME', { completes: ['until='] }),
    force: toggle('Do not ask', { short: 'f' }),
    'keep-storage': single('bytes', readBytes, 'Keep the newest, up to this size: 500m, 10g'),
  },
  operands: [0, 0],
  async run(context, flags) {
    const { output } = context;
    const filters = readFilters(flags.filter, ['until']);
    const until = (filters.get('until') ?? []).map(time => readInstant(time).getTime());
    const which = flags.all ? 'all build cache' : 'all dangling build cache';
    if (!flags.force && !confirm(output, `WARNING! This will remove ${which}. `)) {
      output.out('Total reclaimed space: 0B\n');
      return 0;
    }
    const { builder } = await context.engine();
    const keepBytes = flags['keep-storage'] ?? 0;
    const { ids, bytes } = await builder.prune({ all: flags.all, until, keepBytes });
    if (ids.length > 0) output.out(`Deleted build cache objects:\n${ids.map(id => `${id}\n`).join('')}\n`);
    output.out(`Total reclaimed space: ${humanSize(bytes)}\n`);
    return 0;
  },
});
