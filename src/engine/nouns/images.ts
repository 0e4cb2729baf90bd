import type { Readable } from 'node:stream';
import type { LoadEvent } from '../../image/archive/load.ts';
import type { HistoryLine } from '../../image/history.ts';
import type { Pruned } from '../../image/prune.ts';
import type { RemovedImages } from '../../image/remove.ts';
import type { ImageRecord } from '../../image/store.ts';
import type { Platform } from '../../oci/manifest.ts';
import type { Credentials } from '../../registry/auth/credential-helper.ts';
import type { PushEvent } from '../../registry/progress.ts';
import type { PullEvent, PullResult } from '../../registry/pull.ts';
import type { Pushed } from '../../registry/push/push.ts';
import type { Found } from '../../registry/search.ts';

/** The images of an engine. Long operations can be aborted; they keep what the next attempt can continue from. */
export interface Images {
  /** Newest first. */
  list(): Promise<ImageRecord[]>;
  /** By name, id or the unique beginning of an id. Throws `no-such-image`. */
  inspect(reference: string): Promise<ImageRecord>;
  /** Newest step first. */
  history(reference: string): Promise<HistoryLine[]>;
  /** Gives an image another name. */
  tag(source: string, target: string): Promise<void>;
  /**
   * Removes names, and an image with its last name; with `force` also where several names or stopped containers hold
   * it. An error with one reference is the outcome of that reference alone.
   */
  remove(references: readonly string[], options: { force: boolean; prune: boolean }): Promise<RemovedImages>;
  /** Removes unused images, and blobs and layers that no image and no container needs. */
  prune(options: PruneFilter): Promise<Pruned>;
  /** One image, or every tag of a repository. */
  pull(reference: string, options: PullOptions): Promise<PullResult[]>;
  push(reference: string, options: PushOptions): Promise<Pushed[]>;
  /** Calls `write` with an archive of the images, chunk by chunk: the next one when it is done. */
  save(references: readonly string[], write: Write, abort?: AbortSignal): Promise<void>;
  load(source: string | Readable, options: Watched<LoadEvent>): Promise<void>;
  /** Makes an image of one layer from a tarball. */
  import(source: string | Readable, options: ImportOptions): Promise<ImageRecord>;
  /** Asks Docker Hub, or the registry that the term begins with. */
  search(term: string, options: SearchOptions): Promise<Found[]>;
}

export type Write = (chunk: Buffer) => void | Promise<void>;

/** Credentials in place of those in this user's config.json of Docker; `none` asks the registry anonymously. */
interface Asked {
  readonly credentials?: Credentials | 'none';
}

interface Watched<Event> {
  readonly onProgress: (event: Event) => void;
  readonly abort?: AbortSignal;
}

export interface PullOptions extends Watched<PullEvent>, Asked {
  readonly allTags?: boolean;
  readonly platform?: Platform;
}

export interface SearchOptions extends Asked {
  readonly limit: number;
  readonly abort?: AbortSignal;
}

export interface PushOptions extends Watched<PushEvent>, Asked {
  readonly allTags?: boolean;
}

/** Which images `prune` may take; an image must meet all. */
export interface PruneFilter {
  /** Also those with a name that no container uses. */
  readonly all: boolean;
  /** Milliseconds since the epoch: made before each of them. */
  readonly until?: readonly number[];
  /** `key` or `key=value`, each. */
  readonly labels?: readonly string[];
  /** `key` or `key=value`, none. */
  readonly withoutLabels?: readonly string[];
}

export interface ImportOptions {
  /** `REPOSITORY[:TAG]` */
  readonly reference?: string;
  readonly message?: string;
  /** Dockerfile instructions: `CMD ["sh"]`, `ENV A=b`. */
  readonly changes: readonly string[];
  readonly platform?: Platform;
  /** Where the bytes come from, for the history. */
  readonly from?: string;
  readonly abort?: AbortSignal;
}
