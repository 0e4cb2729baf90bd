import type { PullEvent } from '../registry/progress.ts';
import type { StepEvent } from '../syscalls/shim.ts';

/** What a build tells while it works. Stages work side by side: each event says whose it is. */
export type BuildEvent = { readonly stage: number } & StageEvent;

export type StageEvent =
  | {
      readonly kind: 'step';
      readonly number: number;
      readonly total: number;
      /** Of the stage, where it has one. */
      readonly name?: string;
      readonly text: string;
    }
  /** Instructions of the base image's ONBUILD come next. */
  | { readonly kind: 'triggers'; readonly count: number }
  /** An image that FROM names is fetched. */
  | { readonly kind: 'pull'; readonly event: PullEvent }
  | { readonly kind: 'cached' }
  /** A container runs the step; its short id. */
  | { readonly kind: 'running'; readonly container: string }
  /** For `--trace`: the kernel's answer to a step of the container's program; then its command runs. */
  | { readonly kind: 'syscall'; readonly event: StepEvent }
  | { readonly kind: 'executed' }
  | { readonly kind: 'output'; readonly stream: 'stdout' | 'stderr'; readonly chunk: Buffer }
  | { readonly kind: 'removed'; readonly container: string }
  /** The step is done: short id of its image; empty where there is none yet, as after FROM scratch. */
  | { readonly kind: 'done'; readonly image: string }
  /** For `--explain`: why a step could not be taken from the cache. */
  | { readonly kind: 'missed'; readonly reason: string }
  /** For `--explain`: the key of a step, and the layer that it made, if it did. */
  | { readonly kind: 'made'; readonly key: string; readonly layer?: MadeLayer }
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'stage-done' }
  /** The step that the stage is at has failed, and the build with it. */
  | { readonly kind: 'failed' };

/** A layer, as `--explain` tells it. */
export interface MadeLayer {
  /** Beginning of the name of its directory, which is its chain ID. */
  readonly name: string;
  readonly bytes: number;
  /** How many files it adds, changes and removes, and the first of them. */
  readonly does: readonly string[];
}

export type Tell = (event: BuildEvent) => void;
