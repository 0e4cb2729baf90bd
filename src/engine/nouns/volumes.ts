/** Directories of an engine that containers share and that outlive them. */
export interface Volumes {
  /**
   * Makes a volume, with a random name where none is given. One that exists stays as it is, as in Docker. Throws `invalid-volume`,
   * `no-such-volume-driver`, and `volume-option` for an option of the driver that minidock does not have.
   */
  create(options: VolumeCreation): Promise<Volume>;
  /** By name. */
  list(): Promise<Volume[]>;
  /** Throws `no-such-volume`. */
  inspect(name: string): Promise<Volume>;
  /** Throws `volume-in-use` where a container has it, running or not; and `no-such-volume` unless `force`. */
  remove(name: string, options: { force: boolean }): Promise<void>;
  /** Removes volumes that no container has, named ones too, as Docker 20.10 does; a volume must meet all filters. */
  prune(filter?: VolumePruneFilter): Promise<PrunedVolumes>;
}

export interface VolumeCreation {
  readonly name?: string;
  /** `local` is the only one. */
  readonly driver?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
}

export interface Volume {
  readonly name: string;
  /** The directory that containers see. */
  readonly mountpoint: string;
  /** RFC 3339, UTC. */
  readonly created: string;
  /** Absent for a volume that a container's start made: it never got any. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
  /** Ids of the containers that have it, running or not. */
  readonly containers: readonly string[];
}

export interface VolumePruneFilter {
  /** Only anonymous volumes. */
  readonly anonymous?: boolean;
  /** `key` or `key=value`, each. */
  readonly labels?: readonly string[];
  /** `key` or `key=value`, none. */
  readonly withoutLabels?: readonly string[];
}

export interface PrunedVolumes {
  readonly names: readonly string[];
  /** Bytes of disk that were freed. */
  readonly bytes: number;
}
