import type { PullEvent } from '../registry/progress.ts';

/** What a build tells while it works. Stages work side by side: each event says whose it is. */
export type BuildEvent = { readonly stage: number } & (
  | { readonly kind: 'step'; readonly number: number; readonly total: number; readonly text: string }
  /** Instructions of the base image's ONBUILD come next. */
  | { readonly kind: 'triggers'; readonly count: number }
  /** An image that FROM names is fetched. */
  | { readonly kind: 'pull'; readonly event: PullEvent }
  | { readonly kind: 'cached' }
  /** A container runs the step; its short id. */
  | { readonly kind: 'running'; readonly container: string }
  | { readonly kind: 'output'; readonly stream: 'stdout' | 'stderr'; readonly chunk: Buffer }
  | { readonly kind: 'removed'; readonly container: string }
  /** The step is done: short id of its image; empty where there is none yet, as after FROM scratch. */
  | { readonly kind: 'done'; readonly image: string }
  /** Why a step could not be taken from the cache. */
  | { readonly kind: 'missed'; readonly reason: string }
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'stage-done' }
);

export type Tell = (event: BuildEvent) => void;
