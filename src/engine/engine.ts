import type { Builder } from './nouns/builder.ts';
import type { Containers } from './nouns/containers.ts';
import type { Execs } from './nouns/execs.ts';
import type { Images } from './nouns/images.ts';
import type { Networks } from './nouns/networks.ts';
import type { System } from './nouns/system.ts';
import type { Volumes } from './nouns/volumes.ts';

/**
 * The one interface behind the command line, the lessons and an API. Each of those translates; nothing else decides. It is
 * made of nouns, as Docker's own API is, so that an engine in another process can implement it as well: arguments and results
 * are plain data, what a method does depends on the state on disk and not on who called which method before.
 *
 * Every method rejects with a `MinidockError` that is fit for the user's eyes.
 */
export interface Engine {
  readonly containers: Containers;
  readonly execs: Execs;
  readonly images: Images;
  readonly networks: Networks;
  readonly volumes: Volumes;
  readonly builder: Builder;
  readonly system: System;
}
