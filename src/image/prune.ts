import { MinidockError } from '../errors.ts';
import { collectGarbage } from './collect.ts';
import { type ImageUse, type Removal, removeImage } from './remove.ts';
import type { ImageRecord, ImageStore } from './store.ts';

export interface PruneOptions {
  /** Also images with a name that no container uses. */
  all: boolean;
  uses: readonly ImageUse[];
  /** Which images may go; every one by default. */
  matches?: (image: ImageRecord) => boolean;
}

/** Removes images that nobody uses, and then whatever else the store holds for nobody. */
export async function pruneImages(store: ImageStore, { all, uses, matches }: PruneOptions): Promise<Removal> {
  const removal: Removal = { lines: [], bytes: 0, failures: [] };
  const images = store.list();
  const parents = new Set(images.map(({ parent }) => parent));
  const inUse = new Set(uses.map(({ imageId }) => imageId));
  for (const image of images) {
    const names = [...image.repoTags, ...image.repoDigests].sort();
    const isCandidate = all || names.length === 0;
    if (!isCandidate || parents.has(image.id) || inUse.has(image.id) || matches?.(image) === false) continue;
    // An image with names of several repositories is removed name by name, which needs no force.
    for (const name of names.length === 0 ? [image.id] : names) {
      const { lines, bytes } = await removeUnlessUsed(store, name, uses);
      removal.lines.push(...lines);
      removal.bytes += bytes;
    }
  }
  const { bytes, failures } = await collectGarbage(store.root, store.layout);
  removal.bytes += bytes;
  // Of the last collection: it has tried again what the ones before could not remove.
  removal.failures = failures;
  return removal;
}

/** Somebody may have begun to use it, or have removed it, a moment ago; its last tag takes its digest along. */
async function removeUnlessUsed(store: ImageStore, name: string, uses: readonly ImageUse[]): Promise<Removal> {
  try {
    return await removeImage(store, name, { force: false, prune: true, uses });
  } catch (error) {
    if (error instanceof MinidockError && ['no-such-image', 'image-in-use'].includes(error.code)) {
      return { lines: [], bytes: 0, failures: [] };
    }
    throw error;
  }
}
