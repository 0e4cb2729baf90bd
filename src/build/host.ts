import type { ImageRecord } from '../image/store.ts';
import type { Digest } from '../oci/digest.ts';
import type { Platform } from '../oci/manifest.ts';
import type { PullEvent } from '../registry/progress.ts';
import type { StepEvent } from '../syscalls/shim.ts';

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
  /** `bridge`, `none`, `host`, or the name of a network. */
  readonly network: string;
  readonly extraHosts: readonly string[];
  readonly mounts: readonly RunMount[];
  readonly onStart: (container: string) => void;
  readonly onStep?: (event: StepEvent) => void;
  /** The command was executed. */
  readonly onExecuted?: () => void;
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
  readonly abort?: AbortSignal;
}

/** Something of the host that a step sees: a directory, a file, or memory. */
export interface RunMount {
  /** Undefined: a tmpfs. */
  readonly source?: string;
  readonly destination: string;
  readonly readonly: boolean;
  /** Of a tmpfs. */
  readonly size?: string;
}

export interface Ran {
  readonly id: string;
  readonly exitCode: number;
  /** What it changed, as the tar of a layer; nothing in it is younger than `latest`, in seconds since 1970. */
  layer(latest?: number): AsyncIterable<Buffer>;
  /** Removes the container, unless it is to be kept; says which. */
  remove(): Promise<boolean>;
}
