import type { Images } from '../../../engine/nouns/images.ts';
import { MinidockError } from '../../../errors.ts';
import { hasLabels, matchesReference } from '../../../image/match.ts';
import type { ImageRecord } from '../../../image/store.ts';

export const imageFilters = ['dangling', 'reference', 'before', 'since', 'label'];

/** An image with those of its names that a listing shows. */
export interface Listed {
  image: ImageRecord;
  tags: string[];
  /** Whether a filter by name let some of its names through, and no others are to be shown. */
  onlyTags: boolean;
}

/** Whether a listing shows an image that has no name only because others were made from it. @param parents ids of what others were made from */
export const isListed = (
  { id, repoTags, repoDigests }: ImageRecord,
  parents: ReadonlySet<string | undefined>,
): boolean => !parents.has(id) || repoTags.length > 0 || repoDigests.length > 0;

/** Applies `--filter` and the operand of `images`. Throws `invalid-filter`, `no-such-image`. */
export async function filterImages(
  images: Pick<Images, 'list' | 'inspect'>,
  filters: ReadonlyMap<string, readonly string[]>,
  wanted?: string,
): Promise<Listed[]> {
  const of = (key: string) => filters.get(key) ?? [];
  const dangling = of('dangling').map(readBoolean);
  const created = async (name: string) => Date.parse((await images.inspect(name)).created);
  const before = await Promise.all(of('before').map(created));
  const since = await Promise.all(of('since').map(created));
  const patterns = [...of('reference'), ...(wanted === undefined ? [] : [wanted])];
  const all = await images.list();
  return all
    .filter(image => dangling.every(value => value === (image.repoTags.length === 0)))
    .filter(image => before.every(time => Date.parse(image.created) < time))
    .filter(image => since.every(time => Date.parse(image.created) > time))
    .filter(image => hasLabels(image, of('label')))
    .map(image => ({ image, ...namesIn(image, patterns) }))
    .filter(({ tags, onlyTags }) => !onlyTags || tags.length > 0);
}

function namesIn({ repoTags, repoDigests }: ImageRecord, patterns: readonly string[]) {
  if (patterns.length === 0) return { tags: repoTags, onlyTags: false };
  const fits = (name: string) => patterns.some(pattern => matches(pattern, name));
  const tags = repoTags.filter(fits);
  // An image that has only a digest is found by its repository.
  return { tags, onlyTags: repoTags.length > 0 || !repoDigests.some(fits) };
}

function matches(pattern: string, name: string): boolean {
  try {
    return matchesReference(pattern, name);
  } catch (error) {
    throw new MinidockError('invalid-filter', `invalid filter reference=${pattern}: ${(error as Error).message}`);
  }
}

function readBoolean(value: string): boolean {
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw new MinidockError('invalid-filter', `invalid filter 'dangling=${value}'`, {
    fix: 'write dangling=true or dangling=false',
  });
}
