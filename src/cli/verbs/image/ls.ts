import { timeAgo } from '../../../api/shapes/ago.ts';
import { filterImages, imageFilters, isListed, type Listed } from '../../../api/shapes/image/filters.ts';
import { familiarName, parseName } from '../../../oci/reference.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { filterFlag, printListing, type Row, readFilters } from '../../print/listing.ts';
import { humanSize } from '../../print/size.ts';
import { goTime } from '../../print/time.ts';

const headings: Row = {
  Repository: 'REPOSITORY',
  Tag: 'TAG',
  Digest: 'DIGEST',
  ID: 'IMAGE ID',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  Size: 'SIZE',
  VirtualSize: 'SIZE',
  Containers: 'CONTAINERS',
  SharedSize: 'SHARED SIZE',
  UniqueSize: 'UNIQUE SIZE',
};

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
    const listed = await filterImages(images, filters, wanted);
    const parents = new Set<string | undefined>(flags.all ? [] : (await images.list()).map(({ parent }) => parent));
    const rows = listed
      .filter(({ image }) => isListed(image, parents))
      .flatMap(one => rowsOf(one, { truncate: !flags['no-trunc'], digests: flags.digests }));
    const columns = ['Repository', 'Tag', ...(flags.digests ? ['Digest'] : []), 'ID', 'CreatedSince', 'Size'];
    if (flags.quiet && flags.format === undefined) context.output.out(rows.map(row => `${row.ID}\n`).join(''));
    else {
      const listing = { headings, columns, type: 'formatter.imageContext', raw: raw(flags.digests) };
      await printListing(context.output, rows, flags.format, listing);
    }
    return 0;
  },
});

const raw = (digests: boolean): string =>
  [
    'repository: {{.Repository}}',
    'tag: {{.Tag}}',
    ...(digests ? ['digest: {{.Digest}}'] : []),
    'image_id: {{.ID}}',
    'created_at: {{.CreatedAt}}',
    'virtual_size: {{.Size}}\n',
  ].join('\n');

const none = '<none>';

/** A line for each name; for an image without a tag, one that says so. */
function rowsOf({ image, tags, onlyTags }: Listed, options: { truncate: boolean; digests: boolean }): Row[] {
  const common = {
    ID: options.truncate ? image.id.replace(/^sha256:/, '').slice(0, 12) : image.id,
    CreatedSince: timeAgo(image.created, Date.now()),
    CreatedAt: goTime(image.created),
    Size: humanSize(image.size, 3),
    VirtualSize: humanSize(image.size),
    // What Docker's client says where it did not ask.
    Containers: 'N/A',
    SharedSize: 'N/A',
    UniqueSize: 'N/A',
  };
  const digests = image.repoDigests.map(parseName);
  const digestOf = (repository: string) => digests.find(digest => familiarName(digest) === repository)?.digest ?? none;
  const tagged = tags.map(text => {
    const { tag = none, ...name } = parseName(text);
    const repository = familiarName(name);
    return { Repository: repository, Tag: tag, Digest: digestOf(repository), ...common };
  });
  if (tagged.length > 0 || onlyTags) return tagged;
  const [digest] = digests;
  const repository = digest === undefined ? none : familiarName(digest);
  return [{ Repository: repository, Tag: none, Digest: digest?.digest ?? none, ...common }];
}
