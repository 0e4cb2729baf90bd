import { filterImages, imageFilters, isListed } from '../../../api/shapes/image/filters.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { filterFlag, printListing, readFilters } from '../../print/listing.ts';
import { imageHeadings, imageRows, rawImage } from './row.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] [REPOSITORY[:TAG]]',
  flags: {
    all: toggle('Show images as well that others were made from and that have no name', { short: 'a' }),
    digests: toggle('Show digests'),
    filter: filterFlag('Show only those with dangling=true, reference=…, before=…, since=… or label=…', {
      short: 'f',
      completes: ['before=', 'dangling=false', 'dangling=true', 'label=', 'reference=', 'since='],
    }),
    format: text(`'table', 'table TEMPLATE', 'json' or a Go template`, { completes: ['json', 'table', 'raw'] }),
    'no-trunc': toggle('Do not shorten ids'),
    quiet: toggle('Print ids only', { short: 'q' }),
  },
  operands: [0, 1],
  completes: ['images'],
  async run(context, flags, [wanted]) {
    const filters = readFilters(flags.filter, imageFilters);
    const { images } = await context.engine();
    const listed = await filterImages(images, filters, wanted || undefined);
    const parents = new Set<string | undefined>(flags.all ? [] : (await images.list()).map(({ parent }) => parent));
    const rows = listed
      .filter(({ image }) => isListed(image, parents))
      .flatMap(one => imageRows(one, { truncate: !flags['no-trunc'], digests: flags.digests }));
    const columns = ['Repository', 'Tag', ...(flags.digests ? ['Digest'] : []), 'ID', 'CreatedSince', 'Size'];
    if (flags.quiet && flags.format === undefined) context.output.out(rows.map(row => `${row.ID}\n`).join(''));
    else {
      const listing = {
        headings: imageHeadings,
        columns,
        type: 'formatter.imageContext',
        raw: flags.quiet ? 'image_id: {{.ID}}' : rawImage(flags.digests),
      };
      await printListing(context.output, rows, flags.format, listing);
    }
    return 0;
  },
});
