import { familiarName, parseName } from '../../image/reference.ts';
import type { ImageRecord } from '../../image/store.ts';
import { many, text, toggle } from '../flags.ts';
import { printListing, type Row, readFilters } from '../format/listing.ts';
import { humanSize } from '../format/size.ts';
import { goTime, timeAgo } from '../format/time.ts';
import { defineVerb } from '../verb.ts';

const headings: Row = {
  Repository: 'REPOSITORY',
  Tag: 'TAG',
  Digest: 'DIGEST',
  ID: 'IMAGE ID',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  Size: 'SIZE',
};

export const verb = defineVerb({
  synopsis: '[OPTIONS] [REPOSITORY[:TAG]]',
  flags: {
    all: toggle('Show all images (there are no hidden ones)', { short: 'a' }),
    digests: toggle('Show digests'),
    filter: many('filter', (filter: string) => filter, 'Show only those with dangling=true or reference=…', {
      short: 'f',
    }),
    format: text(`'table', 'table TEMPLATE', 'json' or a Go template`),
    'no-trunc': toggle('Do not shorten ids'),
    quiet: toggle('Print ids only', { short: 'q' }),
  },
  operands: [0, 1],
  async run(context, flags, [wanted]) {
    const filters = readFilters(flags.filter, ['dangling', 'reference']);
    const images = await context.images();
    const rows = images
      .list()
      .flatMap(image => rowsOf(image, { truncate: !flags['no-trunc'], digests: flags.digests }))
      .filter(row => wanted === undefined || isNamed(row, wanted))
      .filter(row => (filters.get('reference') ?? [wanted]).some(name => name === undefined || isNamed(row, name)))
      .filter(row =>
        (filters.get('dangling') ?? [undefined]).some(
          value => value === undefined || (value === 'true') === (row.Tag === none),
        ),
      );
    const columns = ['Repository', 'Tag', ...(flags.digests ? ['Digest'] : []), 'ID', 'CreatedSince', 'Size'];
    if (flags.quiet && flags.format === undefined) context.output.out(rows.map(row => `${row.ID}\n`).join(''));
    else context.output.out(printListing(rows, flags.format, headings, columns));
    return 0;
  },
});

const none = '<none>';

/** A line for each name; for an image without a tag, one that says so. */
function rowsOf(image: ImageRecord, options: { truncate: boolean; digests: boolean }): Row[] {
  const common = {
    ID: options.truncate ? image.id.replace(/^sha256:/, '').slice(0, 12) : image.id,
    CreatedSince: timeAgo(image.created, Date.now()),
    CreatedAt: goTime(image.created),
    Size: humanSize(image.size, 3),
  };
  const digests = image.repoDigests.map(parseName);
  const digestOf = (repository: string) => digests.find(digest => familiarName(digest) === repository)?.digest ?? none;
  const tagged = image.repoTags.map(text => {
    const { tag = none, ...name } = parseName(text);
    const repository = familiarName(name);
    return { Repository: repository, Tag: tag, Digest: digestOf(repository), ...common };
  });
  if (tagged.length > 0) return tagged;
  const [digest] = digests;
  const repository = digest === undefined ? none : familiarName(digest);
  return [{ Repository: repository, Tag: none, Digest: digest?.digest ?? none, ...common }];
}

/** `nginx` names every tag of the repository, `nginx:alpine` one. */
function isNamed(row: Row, wanted: string): boolean {
  const { tag, ...name } = parseName(wanted);
  return familiarName(name) === row.Repository && (tag === undefined || tag === row.Tag);
}
