import type { Event } from '../../state/journal.ts';

/** The engine as a whole. */
export interface System {
  /** What happened, oldest first: between `since` and `until`, and without `until` from now on, until `abort` says so. */
  events(options?: EventOptions): AsyncIterable<Event>;
  /** Removes what is left on this machine of engines whose root was deleted. */
  pruneRemains(): Promise<Remains>;
}

/** Of engines whose root is gone. */
export interface Remains {
  /** Bridges that were removed. */
  readonly networks: readonly string[];
  /** Roots of engines of which nothing is left. */
  readonly roots: readonly string[];
  /** Ids of engines whose processes still run: nothing of them was removed. */
  readonly kept: readonly { readonly root: string; readonly pids: readonly number[] }[];
  /** Roots of engines of which something could not be removed, and why. */
  readonly failures: readonly { readonly root: string; readonly reason: string }[];
}

export interface EventOptions {
  readonly since?: Date;
  readonly until?: Date;
  readonly abort?: AbortSignal;
}
