import type { Readable } from 'node:stream';
import type { LoadEvent } from '../image/archive/load.ts';
import type { HistoryLine } from '../image/history.ts';
import type { PruneOptions } from '../image/prune.ts';
import type { Removal, RemoveOptions } from '../image/remove.ts';
import type { ImageRecord } from '../image/store.ts';
import type { Platform } from '../oci/manifest.ts';
import type { RegistrySettings } from '../registry/daemon-config.ts';
import type { PushEvent } from '../registry/progress.ts';
import type { PullEvent, PullResult } from '../registry/pull.ts';
import type { Pushed } from '../registry/push.ts';

/** What the verbs ask of images. */
export interface Images {
  /** Newest first. */
  list(): ImageRecord[];
  /** By name, id or the unique beginning of an id. */
  find(reference: string): ImageRecord | undefined;
  pull(reference: string, onProgress: (event: PullEvent) => void, options?: PullChoices): Promise<PullResult>;
  /** Every tag of a repository. */
  pullAll(repository: string, onProgress: (event: PullEvent) => void, options?: PullChoices): Promise<PullResult[]>;
  push(reference: string, onProgress: (event: PushEvent) => void, options?: PushChoices): Promise<Pushed[]>;
  /** Gives an image another name. */
  tag(source: string, target: string): Promise<void>;
  remove(reference: string, options: RemoveOptions): Promise<Removal>;
  /** Removes images that nobody uses, and what the store holds for nobody. */
  prune(options: PruneOptions): Promise<Removal>;
  /** Newest step first. */
  history(reference: string): Promise<HistoryLine[]>;
  /** Calls `write` with an archive of the images, chunk by chunk. */
  save(references: readonly string[], write: (chunk: Buffer) => void): Promise<void>;
  load(source: string | Readable, onProgress: (event: LoadEvent) => void, signal: AbortSignal): Promise<void>;
  /** Makes an image of one layer from a tarball. */
  import(source: string | Readable, options: ImportOptions): Promise<ImageRecord>;
}

export interface PullChoices {
  readonly platform?: Platform;
  readonly signal?: AbortSignal;
}

export interface PushChoices {
  readonly allTags?: boolean;
  readonly signal?: AbortSignal;
}

export interface ImportOptions {
  /** `REPOSITORY[:TAG]` */
  readonly reference?: string;
  readonly message?: string;
  /** Dockerfile instructions: `CMD ["sh"]`, `ENV A=b`. */
  readonly changes: readonly string[];
  readonly platform?: Platform;
  /** Where the bytes come from, for the history. */
  readonly from?: string;
  readonly signal?: AbortSignal;
}

/** This machine's images. Registry and unpacking are loaded when they are asked for. */
export async function openImages({
  root,
  registries,
}: {
  root: string;
  registries: RegistrySettings;
}): Promise<Images> {
  const { ImageStore } = await import('../image/store.ts');
  const store = new ImageStore(root);
  return {
    list: () => store.list(),
    find: reference => store.find(reference),
    pull: async (reference, onProgress, options) => {
      const { pull } = await import('../registry/pull.ts');
      return pull(reference, { root, ...registries, onProgress, ...options });
    },
    pullAll: async (repository, onProgress, options) => {
      const { pullAll } = await import('../registry/pull.ts');
      return pullAll(repository, { root, ...registries, onProgress, ...options });
    },
    push: async (reference, onProgress, options) => {
      const { push } = await import('../registry/push.ts');
      return push(reference, { root, ...registries, onProgress, ...options });
    },
    tag: (source, target) => store.tag(source, target),
    remove: async (reference, options) => {
      const { removeImage } = await import('../image/remove.ts');
      return removeImage(store, reference, options);
    },
    prune: async options => {
      const { pruneImages } = await import('../image/prune.ts');
      return pruneImages(store, options);
    },
    history: async reference => {
      const { historyOf } = await import('../image/history.ts');
      return historyOf(store, store.get(reference));
    },
    save: async (references, write) => {
      const { saveImages } = await import('../image/archive/save.ts');
      await saveImages(store, references, write);
    },
    load: async (source, onProgress, signal) => {
      const { loadImages } = await import('../image/archive/load.ts');
      await loadImages({ root, source, onProgress, signal });
    },
    import: async (source, options) => {
      const { importImage } = await import('../image/import.ts');
      return importImage({ root, source, ...options });
    },
  };
}
