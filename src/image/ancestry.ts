import { MinidockError } from '../errors.ts';
import type { ImageRecord, ImageStore } from './store.ts';

/** A container, as far as its image goes. */
export interface FromImage {
  imageId: string;
  /** Directories of its image's layers, bottom first. */
  layers: readonly string[];
}

type Images = Pick<ImageStore, 'find' | 'list'>;

/**
 * Whether a container's image is the one that `reference` names, or was made from it: by the parents that images built or
 * loaded here name, and by the layers of those that came from a registry, where no parent is known. Images of the very same
 * layers are not each other's ancestors. As in Docker a name that means no image holds for no container.
 */
export function madeFrom(images: Images, reference: string): (container: FromImage) => boolean {
  const ancestor = findIfAny(images, reference);
  if (ancestor === undefined) return () => false;
  const family = familyOf(ancestor, images.list());
  const top = ancestor.layers.at(-1);
  // The directory of a layer is named by its chain ID: where it is the same, so is all that lies below.
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

function findIfAny(images: Images, reference: string): ImageRecord | undefined {
  try {
    return images.find(reference);
  } catch (error) {
    if (error instanceof MinidockError && ['invalid-reference', 'ambiguous-image'].includes(error.code))
      return undefined;
    throw error;
  }
}
