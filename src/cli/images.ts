import type { Readable } from 'node:stream';
import type { ImageRecord } from '../image/store.ts';
import type { PullEvent, PullResult } from '../registry/pull.ts';
import type { Settings } from './context.ts';

/** What the verbs ask of images. */
export interface Images {
  /** Newest first. */
  list(): ImageRecord[];
  /** By name, id or the unique beginning of an id. */
  find(reference: string): ImageRecord | undefined;
  pull(reference: string, onProgress: (event: PullEvent) => void): Promise<PullResult>;
  /** Makes an image of one layer from a tarball. */
  import(source: string | Readable, options: ImportOptions): Promise<ImageRecord>;
}

export interface ImportOptions {
  /** `REPOSITORY[:TAG]` */
  readonly reference?: string;
  readonly message?: string;
  /** Dockerfile instructions: `CMD ["sh"]`, `ENV A=b`. */
  readonly changes: readonly string[];
}

/** This machine's images. Registry and unpacking are loaded when they are asked for. */
export async function openImages({ root, config }: Settings): Promise<Images> {
  const { ImageStore } = await import('../image/store.ts');
  const store = new ImageStore(root);
  return {
    list: () => store.list(),
    find: reference => store.find(reference),
    pull: async (reference, onProgress) => {
      const { pull } = await import('../registry/pull.ts');
      return pull(reference, { root, daemonConfig: config, onProgress });
    },
    import: async (source, options) => {
      const { importImage } = await import('../image/import.ts');
      return importImage({ root, source, ...options });
    },
  };
}
