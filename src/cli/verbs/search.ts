import { MinidockError } from '../../errors.ts';
import { integer, many, text, toggle } from '../flags.ts';
import { printListing, type Row, readFilters } from '../format/listing.ts';
import { interruptible } from '../interrupt.ts';
import { defineVerb } from '../verb.ts';

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
    filter: many('filter', (filter: string) => filter, 'Show only those with stars=3 or is-official=true', {
      short: 'f',
    }),
    format: text(`'table TEMPLATE', 'json' or a Go template`),
    limit: integer('Show at most so many, 1 to 100 (default 25)'),
    'no-trunc': toggle('Do not shorten descriptions'),
  },
  operands: [1, 1],
  async run({ output, settings }, flags, [term]) {
    const { limit = 25, format } = flags;
    if (limit < 1 || limit > 100) {
      throw new MinidockError('invalid-argument', `limit ${limit} is outside the range of [1, 100]`);
    }
    const filters = readFilters(flags.filter, ['stars', 'is-official', 'is-automated']);
    const { search } = await import('../../registry/search.ts');
    const found = await interruptible(signal => search(term!, { limit, signal, ...settings.registries }));
    const rows = found
      .filter(({ stars }) => (filters.get('stars') ?? []).every(least => stars >= Number(least)))
      .filter(({ official }) => (filters.get('is-official') ?? [`${official}`]).includes(`${official}`))
      .filter(({ automated }) => (filters.get('is-automated') ?? [`${automated}`]).includes(`${automated}`))
      .map(({ name, description, stars, official, automated }) => ({
        Name: name,
        Description: flags['no-trunc'] ? description : shorten(description),
        StarCount: String(stars),
        IsOfficial: official ? '[OK]' : '',
        IsAutomated: automated ? '[OK]' : '',
      }));
    output.out(printListing(rows, format, headings, ['Name', 'Description', 'StarCount', 'IsOfficial']));
    return 0;
  },
});

function shorten(text: string): string {
  const letters = [...text];
  return letters.length <= descriptionWidth ? text : `${letters.slice(0, descriptionWidth - 1).join('')}…`;
}
