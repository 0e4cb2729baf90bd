import { untilIn } from '../../../api/shapes/until.ts';
import { toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { printDeleted, removalLines } from '../../print/deleted.ts';
import { printWarning } from '../../print/diagnostics.ts';
import { filterFlag, readFilters } from '../../print/listing.ts';
import { humanSize } from '../../print/size.ts';
import { confirm } from '../../terminal/confirm.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: {
    all: toggle('Remove all images that no container uses, not just those without a name', { short: 'a' }),
    filter: filterFlag('Remove only those with until=TIME, label=… or label!=…', {
      completes: ['label!=', 'label=', 'until='],
    }),
    force: toggle('Do not ask', { short: 'f' }),
  },
  operands: [0, 0],
  async run(context, flags) {
    const filters = readFilters(flags.filter, ['until', 'label', 'label!', 'dangling']);
    const until = untilIn(filters);
    const all = flags.all || filters.get('dangling')?.at(-1) === 'false';
    const which = flags.all ? 'all images without at least one container associated to them' : 'all dangling images';
    if (!flags.force && !confirm(context.output, `WARNING! This will remove ${which}.\n`)) {
      context.output.out('Total reclaimed space: 0B\n');
      return 0;
    }
    const { images } = await context.engine();
    const { lines, bytes, failures } = await images.prune({
      all,
      until,
      labels: filters.get('label'),
      withoutLabels: filters.get('label!'),
    });
    for (const failure of failures) printWarning(context.output, failure.message);
    printDeleted(context.output, 'Images', removalLines(lines));
    context.output.out(`Total reclaimed space: ${humanSize(bytes)}\n`);
    return 0;
  },
});
