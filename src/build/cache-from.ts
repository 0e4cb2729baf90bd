import { reusableLayer } from '../image/commit/derive.ts';
import type { ImageRecord, ImageStore } from '../image/store.ts';
import type { HistoryEntry } from '../oci/image-config.ts';

/** A step that an image was made by: its history, and the layer that it made, if it did. */
export interface Remembered {
  readonly history: HistoryEntry;
  readonly layer?: ReturnType<typeof reusableLayer>;
}

/** Images of `--cache-from`: where some are named, a step is taken from their history or made anew, as in Docker's classic builder. */
export class CacheSources {
  readonly #images: readonly ImageRecord[];
  readonly #family = new Set<string>();

  /** Those that are not here are passed over, as Docker does. */
  constructor(
    private readonly store: ImageStore,
    references: readonly string[],
  ) {
    this.#images = references.flatMap(reference => store.find(reference) ?? []);
    for (const image of this.#images)
      for (let at: ImageRecord | undefined = image; at !== undefined && !this.#family.has(at.id); )
        at = this.#enter(at);
  }

  #enter({ id, parent }: ImageRecord): ImageRecord | undefined {
    this.#family.add(id);
    return parent === undefined ? undefined : this.store.find(parent);
  }

  /** Whether an image is one of them, or one that they were made from. */
  has(id: string): boolean {
    return this.#family.has(id);
  }

  /** The step after `parent`, where one of the images says that it was this one. */
  find(parent: ImageRecord | undefined, createdBy: string): Remembered | undefined {
    const steps = parent?.history ?? [];
    const layers = parent?.diffIds ?? [];
    for (const image of this.#images) {
      const history = image.history[steps.length];
      if (history?.created_by !== createdBy) continue;
      const isOnTop =
        steps.every((step, index) => JSON.stringify(step) === JSON.stringify(image.history[index])) &&
        layers.every((layer, index) => layer === image.diffIds[index]);
      if (!isOnTop) continue;
      if (history.empty_layer) return { history };
      if (image.diffIds.length > layers.length)
        return { history, layer: reusableLayer(this.store, image, layers.length) };
    }
    return undefined;
  }
}
