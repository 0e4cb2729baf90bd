import { timeAgo } from '../../../api/shapes/ago.ts';
import type { Listed } from '../../../api/shapes/image/filters.ts';
import { familiarName, parseName } from '../../../oci/reference.ts';
import type { Row } from '../../print/listing.ts';
import { humanSize } from '../../print/size.ts';
import { goTime } from '../../print/time.ts';

/** The first line of `images`, and the key of each column in templates. */
export const imageHeadings: Row = {
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

/** What `--format raw` prints of an image. */
export const rawImage = (digests: boolean): string =>
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
export function imageRows({ image, tags, onlyTags }: Listed, options: { truncate: boolean; digests: boolean }): Row[] {
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
