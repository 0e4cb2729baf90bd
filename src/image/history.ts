import { MinidockError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { chainIds } from '../storage/chain.ts';
import { readLayer } from '../storage/layers.ts';
import type { ImageRecord, ImageStore } from './store.ts';

/** One step of how an image was made. */
export interface HistoryLine {
  /** Known of the image itself and of parents that are here. */
  id?: Digest;
  /** RFC 3339; undefined where the image does not say. */
  created?: string;
  createdBy: string;
  comment: string;
  /** Bytes of the layer, unpacked; 0 where the step made none. */
  size: number;
}

/** How an image was made, newest step first. Throws `malformed-image` where there are more steps with layers than layers. */
export function historyOf(store: ImageStore, image: ImageRecord): HistoryLine[] {
  const sizes = chainIds(image.diffIds).map(chainId => readLayer(store.root, chainId)?.size ?? 0);
  let layer = 0;
  const lines = image.history.map((entry): HistoryLine => {
    const isEmpty = entry.empty_layer === true;
    if (!isEmpty && layer >= sizes.length) {
      throw new MinidockError(
        'malformed-image',
        `malformed image ${image.id}: its history has more layers than it has`,
      );
    }
    const created = text(entry.created);
    return {
      ...(Number.isNaN(Date.parse(created)) || created.startsWith('0001-') ? {} : { created }),
      createdBy: text(entry.created_by),
      comment: text(entry.comment),
      size: isEmpty ? 0 : sizes[layer++]!,
    };
  });
  lines.reverse();
  let at: ImageRecord | undefined = image;
  for (const line of lines) {
    if (at === undefined) break;
    line.id = at.id;
    at = at.parent === undefined ? undefined : store.find(at.parent);
  }
  return lines;
}

/** In a hostile config this field may hold any value. */
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
