import { MinidockError } from '../../../errors.ts';
import type { Found } from '../../../registry/search.ts';
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
    const matches = toPredicate(readFilters(flags.filter, ['stars', 'is-official', 'is-automated']));
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

/** @throws {MinidockError} `invalid-filter` for a value that says nothing, before anyone is asked */
function toPredicate(filters: ReadonlyMap<string, readonly string[]>): (found: Found) => boolean {
  const least = (filters.get('stars') ?? []).map(value => {
    if (!/^\d+$/.test(value)) throw wrong('stars', value, 'say how many stars at least: stars=3');
    return Number(value);
  });
  const truth = (key: string) =>
    (filters.get(key) ?? []).map(value => {
      if (!/^(true|false|1|0)$/.test(value)) throw wrong(key, value, 'say true or false');
      return value === 'true' || value === '1';
    });
  const [official, automated] = [truth('is-official'), truth('is-automated')];
  return found =>
    least.every(count => found.stars >= count) &&
    official.every(value => found.official === value) &&
    automated.every(value => found.automated === value);
}

function wrong(key: string, value: string, fix: string): MinidockError {
  return new MinidockError('invalid-filter', `invalid filter '${key}=${value}'`, { fix });
}

function shorten(text: string): string {
  const letters = [...text];
  return letters.length <= descriptionWidth ? text : `${letters.slice(0, descriptionWidth - 1).join('')}…`;
}
