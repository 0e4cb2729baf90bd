/** Directories of an engine that containers share and that outlive them. */
export interface Volumes {
  /** Removes volumes that no container has, named ones too, as Docker 20.10 does; only those that have all `labels`. */
  prune(options?: { labels?: readonly string[] }): Promise<PrunedVolumes>;
}

export interface PrunedVolumes {
  readonly names: readonly string[];
  /** Bytes of disk that were freed. */
  readonly bytes: number;
}
