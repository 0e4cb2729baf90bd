import type { ImageRecord } from '../image/store.ts';
import type { Digest } from '../oci/digest.ts';
import type { Platform } from '../oci/manifest.ts';
import type { PullEvent } from '../registry/progress.ts';

/** What a build asks of the engine. */
export interface BuildHost {
  /** The image that FROM names; fetched where it is missing, or always with `pull`. */
  image(reference: string, options: ImageRequest): Promise<ImageRecord>;
  /** Runs a command in a container of an image, to its end. The caller removes the container. */
  run(request: RunRequest): Promise<Ran>;
}

export interface ImageRequest {
  readonly platform?: Platform;
  readonly pull: boolean;
  readonly onPull: (event: PullEvent) => void;
}

export interface RunRequest {
  readonly image: Digest;
  readonly command: readonly string[];
  /** Beside those of the image. */
  readonly env: readonly string[];
  readonly network: 'bridge' | 'none' | 'host';
  readonly extraHosts: readonly string[];
  readonly mounts: readonly RunMount[];
  readonly onStart: (container: string) => void;
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
  readonly abort?: AbortSignal;
}

/** Something of the host that a step sees: a directory, a file, or memory. */
export interface RunMount {
  /** Undefined: a tmpfs. */
  readonly source?: string;
  readonly destination: string;
  readonly readonly: boolean;
  /** What the step depends on in it, for the cache. */
  readonly digest?: string;
}

export interface Ran {
  readonly id: string;
  readonly exitCode: number;
  /** What it changed, as the tar of a layer. */
  layer(): AsyncIterable<Buffer>;
  remove(): Promise<void>;
}
