import type { Digest } from '../oci/digest.ts';

export type LayerPhase =
  | 'Pulling fs layer'
  | 'Waiting'
  | 'Downloading'
  | 'Verifying Checksum'
  | 'Download complete'
  | 'Extracting'
  | 'Pull complete'
  | 'Already exists';

/** What `pull` shows, in Docker's words. */
export type PullEvent =
  | { kind: 'pulling'; tag: string; repository: string; from: string; mirror: boolean }
  /** A mirror failed and the next endpoint is asked. */
  | { kind: 'warning'; message: string }
  /** `layer` is the short digest of the blob; bytes of the blob. */
  | { kind: 'layer'; layer: string; phase: LayerPhase; current?: number; total?: number }
  | { kind: 'digest'; digest: Digest };

/** What `push` shows, in Docker's words. */
export type PushEvent =
  | { kind: 'pushing'; repository: string }
  /** `layer` is the short diff ID; bytes of the blob. */
  | { kind: 'layer'; layer: string; phase: string; current?: number; total?: number }
  | { kind: 'pushed'; tag: string; digest: Digest; size: number };
