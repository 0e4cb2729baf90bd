/** Directories of an engine's that containers share, and that stay when they go. */
export interface Volumes {
  /** Removes those that no container has, named ones too, as Docker 20.10 does; of those that have all `labels`. */
  prune(options?: { labels?: readonly string[] }): Promise<PrunedVolumes>;
}

export interface PrunedVolumes {
  readonly names: readonly string[];
  /** Bytes of disk that were freed. */
  readonly bytes: number;
}
