import type { Digest } from '../oci/digest.ts';
import { chainIds } from '../storage/chain.ts';
import type { ImageRecord } from './store.ts';

/** The parts of a container that tell its image. */
export interface FromImage {
  imageId: string;
  /** Chain IDs of its image's layers, bottom first. */
  layers: readonly Digest[];
}

/**
 * Whether a container's image is `ancestor`, or was made from it: by the parents that images built or loaded here name, and
 * by the layers of those that came from a registry, where no parent is known. Images of the very same layers are not each
 * other's ancestors. `all` are the images that there are.
 */
export function madeFrom(ancestor: ImageRecord, all: readonly ImageRecord[]): (container: FromImage) => boolean {
  const family = familyOf(ancestor, all);
  const top = chainIds(ancestor.diffIds).at(-1);
  // Equal chain IDs mean that all layers below are equal too.
  return ({ imageId, layers }) => family.has(imageId) || (top !== undefined && layers.slice(0, -1).includes(top));
}

/** Ids of an image, of those that name it as their parent, and of theirs. */
function familyOf(ancestor: ImageRecord, all: readonly ImageRecord[]): Set<string> {
  const family = new Set<string>();
  const waiting: string[] = [ancestor.id];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (family.has(id)) continue;
    family.add(id);
    for (const image of all) if (image.parent === id) waiting.push(image.id);
  }
  return family;
}
