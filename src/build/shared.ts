import type { Instruction, Raw, Run } from '../dockerfile/instructions.ts';
import type { Dockerfile } from '../dockerfile/parse.ts';
import type { ImageStore } from '../image/store.ts';
import type { Platform } from '../oci/manifest.ts';
import type { BuildCache } from './cache.ts';
import type { CacheSources } from './cache-from.ts';
import type { Tree } from './copy/tree.ts';
import type { Tell } from './events.ts';
import type { BuildHost } from './host.ts';
import type { PlannedMount } from './mounts.ts';

/** What all stages of a build have in common. */
export interface Shared {
  readonly dockerfile: Dockerfile;
  readonly store: ImageStore;
  readonly cache: BuildCache;
  readonly host: BuildHost;
  readonly given: ReadonlyMap<string, string | undefined>;
  readonly globals: ReadonlyMap<string, string>;
  readonly platforms: Readonly<Record<string, string>>;
  readonly platform: Platform;
  readonly noCache: boolean;
  /** Of `--cache-from`. */
  readonly sources?: CacheSources;
  readonly explains: boolean;
  /** Tell of the syscalls that start a RUN. */
  readonly traces: boolean;
  /** Images that this build made: the steps on top of them cannot be in the cache. */
  readonly fresh: Set<string>;
  readonly network: string;
  readonly extraHosts: readonly string[];
  /** SOURCE_DATE_EPOCH, in seconds: what is made says this time. */
  readonly epoch?: number;
  readonly abort?: AbortSignal;
  /** The build's own, for files that live as long as a step. */
  readonly folder: string;
  readonly tell: Tell;
  /** The files that `--from=` names, or the context's. */
  tree(from: string | undefined, stage: number, instruction: Instruction): Promise<Tree>;
  mounts(run: Run, expand: (part: Raw) => string, stage: number): Promise<readonly PlannedMount[]>;
  /** Called before each step: its number and text are told. */
  step(stage: number, text: string): void;
  used(argument: string): void;
}
