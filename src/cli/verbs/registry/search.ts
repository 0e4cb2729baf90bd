import { searchFilter, searchFilters } from '../../../api/shapes/image/search-filters.ts';
import { MinidockError } from '../../../errors.ts';
import { integer, text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { filterFlag, printListing, type Row, readFilters } from '../../print/listing.ts';
import { interruptible } from '../../terminal/interrupt.ts';

const headings: Row = {
  Name: 'NAME',
  Description: 'DESCRIPTION',
  StarCount: 'STARS',
  IsOfficial: 'OFFICIAL',
  IsAutomated: 'AUTOMATED',
};
const descriptionWidth = 45;

export const verb = defineVerb({
  synopsis: '[OPTIONS] TERM',
  flags: {
    filter: filterFlag('Show only those with stars=3, is-official=true or is-automated=true', {
      short: 'f',
      completes: ['is-automated=true', 'is-official=true', 'stars='],
    }),
    format: text(`'table TEMPLATE', 'json' or a Go template`),
    limit: integer('Show at most so many, 1 to 100 (default 25)'),
    'no-trunc': toggle('Do not shorten descriptions'),
  },
  operands: [1, 1],
  async run({ output, engine }, flags, [term]) {
    const { limit = 25, format } = flags;
    if (limit < 1 || limit > 100) {
      throw new MinidockError('invalid-argument', `limit ${limit} is outside the range of [1, 100]`);
    }
    const matches = searchFilter(readFilters(flags.filter, searchFilters));
    const { images } = await engine();
    const found = await interruptible(abort => images.search(term!, { limit, abort }));
    const rows = found.filter(matches).map(({ name, description, stars, official, automated }) => ({
      Name: name,
      Description: flags['no-trunc'] ? description : shorten(description),
      StarCount: String(stars),
      IsOfficial: official ? '[OK]' : '',
      IsAutomated: automated ? '[OK]' : '',
    }));
    const listing = { headings, columns: Object.keys(headings), type: 'registry.searchContext' };
    await printListing(output, rows, format, listing);
    return 0;
  },
});

function shorten(text: string): string {
  const letters = [...text];
  return letters.length <= descriptionWidth ? text : `${letters.slice(0, descriptionWidth - 1).join('')}…`;
}
