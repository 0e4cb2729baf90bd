import { MinidockError } from '../errors.ts';
import { collectGarbage } from './collect.ts';
import { type ImageUse, type Removal, removeImages } from './remove.ts';
import type { ImageRecord, ImageStore } from './store.ts';

export interface PruneOptions {
  /** Also images with a name that no container uses. */
  all: boolean;
  uses: readonly ImageUse[];
  /** Which images may go; every one by default. */
  matches?: (image: ImageRecord) => boolean;
}

export interface Pruned {
  lines: Removal;
  /** Bytes of disk that were freed. */
  bytes: number;
  /** Why a part of a removed image is still on disk. */
  failures: MinidockError[];
}

/** Removes unused images, then blobs and layers that no image and no container needs. */
export async function pruneImages(store: ImageStore, { all, uses, matches }: PruneOptions): Promise<Pruned> {
  const images = store.list();
  const parents = new Set(images.map(({ parent }) => parent));
  const inUse = new Set(uses.map(({ imageId }) => imageId));
  const candidates = images.flatMap(image => {
    const names = [...image.repoTags, ...image.repoDigests].sort();
    const isCandidate = all || names.length === 0;
    if (!isCandidate || parents.has(image.id) || inUse.has(image.id) || matches?.(image) === false) return [];
    // An image with names of several repositories is removed name by name, which needs no force.
    return names.length === 0 ? [image.id] : names;
  });
  const { outcomes, bytes } = await removeImages(store, candidates, { force: false, prune: true, uses });
  const lines = outcomes.flatMap(outcome => {
    if (!(outcome instanceof MinidockError)) return outcome;
    // Another command may have begun to use the image, or removed it, a moment ago. With its last tag its digest was
    // removed too.
    if (['no-such-image', 'image-in-use'].includes(outcome.code)) return [];
    throw outcome;
  });
  // The last collection also tried again to remove what an earlier one could not.
  const last = await collectGarbage(store.root, store.layout, { downloads: true });
  return { lines, bytes: bytes + last.bytes, failures: last.failures };
}
