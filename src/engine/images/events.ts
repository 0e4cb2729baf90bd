import type { ImageRecord } from '../../image/store.ts';
import { recordEvent } from '../../state/journal.ts';
import type { Roots } from '../../state/paths.ts';

/** Writes what happened to an image into the journal, as Docker does: with its labels, and called by `name`. */
export function tellImage(
  roots: Roots,
  action: string,
  { id, config }: { readonly id: string; readonly config?: ImageRecord['config'] },
  name: string = id,
): void {
  recordEvent(roots, { type: 'image', action, id, attributes: { ...config?.Labels, name } });
}
