import { filterVolumes, volumeFilters } from '../../../api/shapes/volume/filters.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { filterFlag, printListing, readFilters } from '../../print/listing.ts';
import { rawVolume, volumeHeadings, volumeRow } from './row.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: {
    filter: filterFlag('Show only those with dangling=true, driver=…, label=… or name=…', {
      short: 'f',
      completes: ['dangling=false', 'dangling=true', 'driver=local', 'label=', 'name='],
    }),
    format: text(`'table', 'table TEMPLATE', 'json' or a Go template`, { completes: ['json', 'table', 'raw'] }),
    quiet: toggle('Print names only', { short: 'q' }),
  },
  operands: [0, 0],
  async run(context, flags) {
    const filters = readFilters(flags.filter, volumeFilters);
    const { volumes } = await context.engine();
    const listed = filterVolumes(await volumes.list(), filters);
    if (flags.quiet && flags.format === undefined) {
      context.output.out(listed.map(({ name }) => `${name}\n`).join(''));
      return 0;
    }
    const labels = new Map(listed.map(({ name, labels }) => [name, labels ?? {}]));
    await printListing(context.output, listed.map(volumeRow), flags.format, {
      headings: volumeHeadings,
      columns: ['Driver', 'Name'],
      type: 'formatter.volumeContext',
      raw: flags.quiet ? 'name: {{.Name}}' : rawVolume,
      label: (row, name) => labels.get(row.Name!)?.[name] ?? '',
    });
    return 0;
  },
});
