import { type Event, recordEvent } from '../../state/journal.ts';
import type { Roots } from '../../state/paths.ts';

/** Writes into the journal that unused objects of a kind were removed, and the bytes that this freed, in the words of `docker events`. */
export function tellPruned(roots: Roots, type: Event['type'], bytes: number): void {
  recordEvent(roots, { type, action: 'prune', id: '', attributes: { reclaimed: String(bytes) } });
}
