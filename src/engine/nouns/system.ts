import type { ContainerRecord } from '../../container/record.ts';
import type { ImageRecord } from '../../image/store.ts';
import type { PredefinedIds } from '../../network/predefined.ts';
import type { Event } from '../../state/journal.ts';
import type { CachedBuild } from './builder.ts';
import type { Volume } from './volumes.ts';

/** The engine as a whole. */
export interface System {
  /**
   * What happened, oldest first: between `since` and `until`; with `until` alone, all that is still known; without `until` until
   * `abort` says so, and without both from now on.
   */
  events(options?: EventOptions): AsyncIterable<Event>;
  /** What there is, and what machine it is on. */
  info(): Promise<SystemInfo>;
  /** What images, containers and volumes take on disk. */
  diskUsage(): Promise<DiskUsage>;
  /** After a boot: starts the containers whose restart policy wants them to run, unless they do. */
  start(): Promise<Started>;
  /** Before the machine goes down: ends what runs, each in its own time; `start` starts it again after the boot. */
  stop(): Promise<Stopped>;
  /** Removes what is left on this machine of engines whose root was deleted. */
  pruneRemains(): Promise<Remains>;
}

export interface SystemInfo {
  /** Random id of the engine; empty before its first container starts. */
  readonly id: string;
  readonly containers: { readonly running: number; readonly paused: number; readonly stopped: number };
  readonly images: number;
  /** Where images and containers are kept. */
  readonly root: string;
  /** The log driver of containers that name none. */
  readonly logDriver: string;
  /** Type of the file system of `root`: `ext4`, `overlay`; `unknown` where the kernel does not say. */
  readonly fileSystem: string;
  /** 1 or 2; undefined where there are no control groups. */
  readonly cgroupVersion: 1 | 2 | undefined;
  /** `Debian GNU/Linux 12 (bookworm)` */
  readonly operatingSystem: string;
  readonly osVersion: string;
  readonly kernel: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly hostname: string;
  readonly registries: {
    /** URLs of those that are asked before Docker Hub, in order; they end with a slash. */
    readonly mirrors: readonly string[];
    /** Those beside this machine that need no TLS: `HOST`, `HOST:PORT` or a network. */
    readonly insecure: readonly string[];
  };
}

export interface DiskUsage {
  /** Newest first. */
  readonly images: readonly ImageUsage[];
  /** Bytes of all layers of images, each counted once. */
  readonly layerBytes: number;
  /** Newest first, with what each wrote. */
  readonly containers: readonly ContainerUsage[];
  /** As in a list of containers. */
  readonly networks?: PredefinedIds;
  /** Steps of builds, and what their mounts keep. */
  readonly buildCache: readonly CachedBuild[];
  /** By name. */
  readonly volumes: readonly VolumeUsage[];
}

export interface ContainerUsage {
  readonly record: ContainerRecord;
  readonly bytes: number;
  /** Bytes of the container's image; undefined where that is gone. */
  readonly imageBytes?: number;
}

export interface ImageUsage {
  readonly image: ImageRecord;
  /** Bytes of layers that other images have too. */
  readonly sharedBytes: number;
  /** How many containers were made from it. */
  readonly containers: number;
}

export interface VolumeUsage {
  readonly volume: Volume;
  readonly bytes: number;
  /** How many containers have it. */
  readonly links: number;
}

/** Names of containers that were started, and of those that could not be. */
export interface Started {
  readonly started: readonly string[];
  readonly failures: readonly { readonly name: string; readonly reason: string }[];
}

/** Names of containers that were ended, and of those that could not be. */
export interface Stopped {
  readonly stopped: readonly string[];
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
