import { untilIn } from '../../../api/shapes/until.ts';
import { MinidockError } from '../../../errors.ts';
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
    filter: filterFlag('Remove only those with until=TIME, label=… or label!=…'),
    force: toggle('Do not ask', { short: 'f' }),
    volumes: toggle('Remove volumes that no container has, named ones too'),
  },
  operands: [0, 0],
  async run(context, flags) {
    const { output } = context;
    const filters = readFilters(flags.filter, ['until', 'label', 'label!']);
    if (flags.volumes && filters.has('until'))
      throw new MinidockError('conflict', 'The "until" filter is not supported with "--volumes"');
    const filter = {
      until: untilIn(filters),
      labels: filters.get('label'),
      withoutLabels: filters.get('label!'),
    };
    if (!flags.force && !confirm(output, warning(flags))) return 0;
    const engine = await context.engine();
    const containers = await engine.containers.prune(filter);
    printDeleted(output, 'Containers', containers.ids);
    const { names } = await engine.networks.prune(filter);
    const remains = filters.size === 0 ? await engine.system.pruneRemains() : undefined;
    printDeleted(output, 'Networks', [...names, ...(remains?.networks ?? [])]);
    if (remains !== undefined) {
      const { roots, kept, failures } = remains;
      printDeleted(output, 'Engines', roots);
      for (const { root, pids } of kept)
        printWarning(
          output,
          `the engine of ${root} is gone, but its processes run: ${pids.join(', ')}; \`kill\` ends them`,
        );
      for (const { root, reason } of failures)
        printWarning(output, `the engine of ${root} is gone, and what it left cannot all be removed: ${reason}`);
    }
    const volumes = flags.volumes ? await engine.volumes.prune(filter) : { names: [], bytes: 0 };
    printDeleted(output, 'Volumes', volumes.names);
    const images = await engine.images.prune({ ...filter, all: flags.all });
    for (const failure of images.failures) printWarning(output, failure.message);
    printDeleted(output, 'Images', removalLines(images.lines));
    output.out(`Total reclaimed space: ${humanSize(containers.bytes + volumes.bytes + images.bytes)}\n`);
    return 0;
  },
});

/** Docker's words, and a line for what only minidock removes. */
function warning({ all, volumes, filter }: { all: boolean; volumes: boolean; filter: readonly string[] }): string {
  const what = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(volumes ? ['all volumes not used by at least one container'] : []),
    all ? 'all images without at least one container associated to them' : 'all dangling images',
    ...(filter.length === 0 ? ['what engines left whose root is gone: bridges, firewall rules, cgroups'] : []),
  ];
  const filters = [...filter].sort().map(one => `  - ${one}\n`);
  const filtered = filters.length > 0 ? `\n  Items to be pruned will be filtered with:\n${filters.join('')}` : '';
  return `WARNING! This will remove:\n${what.map(one => `  - ${one}\n`).join('')}${filtered}\n`;
}
