import type { Event } from '../../state/journal.ts';

/** The engine as a whole. */
export interface System {
  /** What happened, oldest first: between `since` and `until`, and without `until` from now on, until `abort` says so. */
  events(options?: EventOptions): AsyncIterable<Event>;
  /** After a boot: starts the containers whose restart policy wants them to run, unless they do. */
  start(): Promise<Started>;
  /** Removes what is left on this machine of engines whose root was deleted. */
  pruneRemains(): Promise<Remains>;
}

/** Names of containers that were started, and of those that could not be. */
export interface Started {
  readonly started: readonly string[];
  readonly failures: readonly { readonly name: string; readonly reason: string }[];
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
