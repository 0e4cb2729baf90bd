import type { CgroupStats } from '../../cgroup/driver.ts';
import type { LogEntry } from '../../container/logging/parse.ts';
import type { ResourceOptions } from '../../container/options/resources.ts';
import type { RestartOptions } from '../../container/options/restart.ts';
import type { ContainerOptions, ContainerRecord } from '../../container/record.ts';
import type { ImageRecord } from '../../image/store.ts';
import type { PredefinedIds } from '../../network/predefined.ts';
import type { ContainerConfig } from '../../oci/image-config.ts';
import type { ContainerFiles } from '../../state/paths.ts';
import type { StepEvent } from '../../syscalls/shim.ts';
import type { Program } from '../../syscalls/step.ts';
import type { Attachment, Streams, WindowSize } from './streams.ts';

/** Containers. A `reference` is a full id, the unique beginning of one, or a name. */
export interface Containers {
  /**
   * The program that `create` and `start` would run, without making anything: `--dry-run`. Two programs for one `id` (random
   * where absent) can be compared.
   */
  plan(options: ContainerOptions, id?: string): Promise<Program>;
  /** Makes a container without starting it. */
  create(options: ContainerOptions): Promise<CreatedContainer>;
  /**
   * Starts a container that was made, or has ended, and resolves once its command was executed. One that cannot be started keeps
   * its name and says why in its state; what it took is given back, and one of `--rm` is removed. Throws `already-running`.
   */
  start(reference: string, options?: StartOptions): Promise<void>;
  /**
   * On a running container it gets the output from now on; on one that does not run, all output of the run that `start` begins.
   */
  attach(reference: string, streams: Streams): Promise<Attachment>;
  /**
   * Resolves with the exit status, 0–255, 128 + n after signal n, once the container has ended and is cleaned up. With
   * the condition `not-running` it resolves at once for a container that does not run; with `next-exit`, called before
   * `start`, it waits for the end of that run.
   */
  wait(reference: string, options?: WaitOptions): Promise<number>;
  /** Sends a signal, by its number, to the first process. */
  signal(reference: string, number: number): Promise<void>;
  /** Sets the size of the terminal that a container was given. */
  resize(reference: string, size: WindowSize): Promise<void>;
  /**
   * Asks the first process to end, and ends it after `timeoutSeconds` (default what the container was made with, or 10). One that does not run is left alone.
   * Aborted while it waits, it ends nothing by force: the signal that was sent is not taken back.
   */
  stop(reference: string, options?: StopOptions): Promise<void>;
  /** Stops a container where it runs, as `stop` does, and starts it; one of `--rm` stays. */
  restart(reference: string, options?: StopOptions): Promise<void>;
  /**
   * Sends a signal, by name or number (SIGKILL where missing), to the first process; after SIGKILL it resolves when the container
   * is down. Throws `not-running`, `invalid-signal`.
   */
  kill(reference: string, signal?: string): Promise<void>;
  /** Stops all processes of a running container where they are. Throws `not-running`, `paused`. */
  pause(reference: string): Promise<void>;
  /** Lets them go on. Throws `not-paused`. */
  unpause(reference: string): Promise<void>;
  /** Throws `invalid-name`, `name-in-use`. */
  rename(reference: string, name: string): Promise<void>;
  /**
   * Changes limits and restart policy, of a running container at once; returns warnings, a line each. Throws `bad-limit`: then
   * the container's record is as it was.
   */
  update(reference: string, changes: ContainerChanges): Promise<string[]>;
  /** What a container uses at this moment. */
  stats(reference: string): Promise<ContainerStats>;
  /** What the host's ps(1) says of the processes of a running container. Throws `not-running`, `ps-failed`. */
  top(reference: string, options: readonly string[]): Promise<ProcessList>;
  /** With `force` also one that runs, or whose record is broken. */
  remove(reference: string, options: { force: boolean; volumes: boolean }): Promise<void>;
  /**
   * Removes containers that do not run and keeps their volumes. A container whose record is broken stays, because its
   * state is not known.
   */
  prune(filter: ContainerPruneFilter): Promise<PrunedContainers>;
  /** Newest first; only running ones unless `all`. */
  list(options: { all: boolean; size?: boolean }): Promise<ContainerList>;
  /** With `size` also what it takes on disk. */
  inspect(reference: string, options?: { size?: boolean }): Promise<InspectedContainer>;
  /** Line by line. `follow` goes on until this run of the container ends or `abort` says so. */
  logs(reference: string, options: LogOptions): AsyncIterable<readonly LogEntry[]>;
  /**
   * What a path of a container is, and where its links lead. Like `archive` and `extract` it sees the container's root file system and
   * volumes, running or not. Throws `no-such-file` where the directory for it is missing.
   */
  statPath(reference: string, path: string, options?: { followLink?: boolean }): Promise<PathStat>;
  /** A file or directory as a tar archive, its top called as the last name of the path. */
  archive(reference: string, path: string): AsyncIterable<Buffer>;
  /**
   * Unpacks a tar archive, compressed or not, into a directory: over what is there, but, unless the options say so, no directory over a
   * file nor the other way round.
   */
  extract(reference: string, path: string, source: AsyncIterable<Buffer>, options?: ExtractOptions): Promise<void>;
  /** The whole root file system as a tar archive, without volumes. */
  export(reference: string): AsyncIterable<Buffer>;
  /** What the container changed of its image, by path. */
  changes(reference: string): Promise<Change[]>;
  /** Makes an image of the container's changes on top of its image. */
  commit(reference: string, options?: CommitOptions): Promise<ImageRecord>;
}

export interface CreatedContainer {
  /** Full id. */
  readonly id: string;
  /** What was asked for and is not done, a line each. */
  readonly warnings: readonly string[];
}

/** What `update` changes; what is missing stays. A negative limit of processes takes it away. */
export type ContainerChanges = ResourceOptions & RestartOptions;

/** Counters of a container since its start; zeros where it does not run. */
export interface ContainerStats {
  readonly id: string;
  readonly name: string;
  readonly running: boolean;
  /** When they were read, in nanoseconds of a clock that never jumps. */
  readonly at: bigint;
  readonly cpuNanoseconds: bigint;
  /** The limit is that of the machine where there is none. */
  readonly memory: { readonly usedBytes: number; readonly limitBytes: number };
  /** Bytes. */
  readonly network: { readonly received: number; readonly sent: number };
  readonly block: { readonly read: number; readonly written: number };
  readonly pids: number;
  /** Of one that runs. */
  readonly detail?: StatsDetail;
}

/** Further counters of the kernel, in bytes and nanoseconds. */
export interface StatsDetail {
  readonly memory: CgroupStats['memory'];
  readonly cpu: Omit<NonNullable<CgroupStats['cpu']>, 'usageNanoseconds'> | undefined;
  /** By device name. Empty where the network namespace is the host's or another container's. */
  readonly interfaces: Readonly<Record<string, InterfaceCounters>>;
}

export interface InterfaceCounters {
  readonly received: TrafficCounters;
  readonly sent: TrafficCounters;
}

export interface TrafficCounters {
  readonly bytes: number;
  readonly packets: number;
  readonly errors: number;
  readonly dropped: number;
}

/** A table of ps(1): a cell of each process for each title. */
export interface ProcessList {
  readonly titles: readonly string[];
  readonly processes: readonly (readonly string[])[];
}

export interface StartOptions {
  /** The terminal's size, set before the command can ask for it. */
  readonly window?: WindowSize;
  /** Called for each step with the kernel's answer, in the order of the program: `--trace`. */
  readonly onStep?: (event: StepEvent) => void;
  /**
   * Called before each step, which waits for the promise; the start fails where it rejects. `launcher` is the pid of the process that
   * performs the steps before clone. For an engine in this process.
   */
  readonly beforeStep?: (event: StepEvent, launcher: number) => Promise<void>;
}

export interface WaitOptions {
  readonly condition?: 'not-running' | 'next-exit';
  readonly abort?: AbortSignal;
}

export interface StopOptions {
  /** Name or number; by default the image's STOPSIGNAL, or SIGTERM. */
  readonly signal?: string;
  readonly timeoutSeconds?: number;
  readonly abort?: AbortSignal;
}

export interface ContainerList {
  readonly containers: readonly ContainerRecord[];
  /** Containers whose record cannot be read: what is wrong, and what to do. */
  readonly broken: readonly { readonly id: string; readonly reason: string; readonly fix: string }[];
  /** Sizes by id, if asked for: bytes that the container wrote, and bytes of its image if that still exists. */
  readonly sizes: Readonly<Record<string, ContainerSize>>;
  /** Ids of the networks that every engine has; missing where none of the containers was ever started. */
  readonly networks?: PredefinedIds;
}

/** Which containers `prune` may take; a container must meet all. */
export interface ContainerPruneFilter {
  /** Milliseconds since the epoch: made before each of them. */
  readonly until?: readonly number[];
  /** `key` or `key=value`, each. */
  readonly labels?: readonly string[];
  /** `key` or `key=value`, none. */
  readonly withoutLabels?: readonly string[];
}

export interface PrunedContainers {
  readonly ids: readonly string[];
  /** Bytes of disk that were freed. */
  readonly bytes: number;
}

export interface ContainerSize {
  readonly written: number;
  readonly image: number | undefined;
}

/** All that is known of a container, and the paths of its files. */
export interface InspectedContainer {
  readonly record: ContainerRecord;
  readonly files: ContainerFiles;
  /** Directories of the image's layers, bottom first. */
  readonly layers: readonly string[];
  readonly size?: ContainerSize;
  /**
   * For a container that was started on `bridge`, `host` or `none`: the id of that network, and of an endpoint without address.
   */
  readonly predefinedNetwork?: { readonly id: string; readonly endpointId: string };
  /** Ids of its execs that run, or wait for their start. */
  readonly execs: readonly string[];
  /** Links on the default network, as Docker shows them: `/db:/web/store`. */
  readonly links?: readonly string[];
}

export interface LogOptions {
  readonly follow: boolean;
  /** At most this many of the lines that are logged already; all by default. */
  readonly tail?: number;
  /** RFC 3339 in UTC, to the nanosecond; both included. */
  readonly since?: string;
  readonly until?: string;
  readonly abort?: AbortSignal;
}

export interface PathStat {
  /** Absolute in the container, with links resolved. The last name may be a link where it was not to be followed. */
  readonly path: string;
  readonly kind: 'directory' | 'file' | 'link' | 'missing' | 'other';
  /** What stat(2) says of one that is not missing. */
  readonly stat?: {
    /** Bytes. */
    readonly size: number;
    /** st_mode. */
    readonly mode: number;
    /** RFC 3339, UTC. */
    readonly modified: string;
    /** Of a link, as it is written. */
    readonly target?: string;
  };
}

export interface ExtractOptions {
  /** All files get the user that the container runs as; otherwise they keep the owners in the archive. */
  readonly ownedByUser?: boolean;
  /** A directory gives way to a file of its name, and the other way round; else that is refused. */
  readonly replaces?: boolean;
}

/** Added, changed, deleted. */
export interface Change {
  readonly kind: 'A' | 'C' | 'D';
  readonly path: string;
}

export interface CommitOptions {
  /** `REPOSITORY[:TAG]` */
  readonly reference?: string;
  readonly author?: string;
  readonly message?: string;
  /** Dockerfile instructions: `CMD ["sh"]`, `ENV A=b`. */
  readonly changes?: readonly string[];
  /** The image's config before `changes`; where it says nothing the container's holds. */
  readonly config?: ContainerConfig;
  /** A running container stands still while its files are read, which is the default. */
  readonly pause?: boolean;
}
