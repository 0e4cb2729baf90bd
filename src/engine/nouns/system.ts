import type { Event } from '../../state/journal.ts';

/** The engine as a whole. */
export interface System {
  /** What happened, oldest first: between `since` and `until`, and without `until` from now on, until `abort` says so. */
  events(options?: EventOptions): AsyncIterable<Event>;
}

export interface EventOptions {
  readonly since?: Date;
  readonly until?: Date;
  readonly abort?: AbortSignal;
}
