import type { NetworkAttachment } from '../network/attachment.ts';
import type { PortMapping } from '../network/ports/ports.ts';
import type { Digest } from '../oci/digest.ts';
import type { ContainerConfig } from '../oci/image-config.ts';
import type { HealthOptions } from './options/health.ts';
import type { LifeOptions } from './options/life.ts';
import type { LoggingOptions } from './options/logging.ts';
import type { NamespaceOptions } from './options/namespaces.ts';
import type { NetworkOptions } from './options/network.ts';
import type { ProcessOptions } from './options/process.ts';
import type { ResourceOptions } from './options/resources.ts';
import type { RestartOptions } from './options/restart.ts';
import type { SecurityOptions } from './options/security.ts';
import type { StorageOptions } from './options/storage.ts';
import type { VolumeMount, VolumeRecord } from './volumes.ts';

/** The format that records are written in; one of a later minidock is refused and left alone. */
export const recordFormat = 2;

/** What a user asks for: the parsed flags, before the image's config is merged in. */
export interface ContainerOptions
  extends HealthOptions,
    LifeOptions,
    LoggingOptions,
    NamespaceOptions,
    NetworkOptions,
    ProcessOptions,
    ResourceOptions,
    RestartOptions,
    SecurityOptions,
    StorageOptions {
  image: string;
  /** The arguments after the image. They replace CMD. */
  command: string[];
  name?: string;
  hostname?: string;
  /** One word, as `--entrypoint` gives it, or several. */
  entrypoint?: string | readonly string[];
  env: string[];
  workdir?: string;
  user?: string;
  tty: boolean;
  /** Keeps standard input open. */
  interactive: boolean;
  /** Which streams the creating client attaches to at once, as `docker inspect` shows it. */
  attach: Streams;
  autoRemove: boolean;
  ports: PortMapping[];
  /** `-P`: publishes every exposed port that `ports` does not. */
  publishAll?: boolean;
  volumes: VolumeMount[];
}

/** Which of a process's streams are wanted. */
export interface Streams {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

/** `restarting`: it has ended, and the keeper starts it again. */
export type ContainerStatus = 'created' | 'running' | 'restarting' | 'exited' | 'dead';

/** As Docker has it a container that is about to be started again is up. */
export const isUp = ({ state }: Pick<ContainerRecord, 'state'>): boolean =>
  state.status === 'running' || state.status === 'restarting';

/** A container as `containers/<id>/container.json` keeps it, with its state at the last write. */
export interface ContainerRecord {
  /** The format of this record: see record-format.ts. */
  format: typeof recordFormat;
  id: string;
  name: string;
  /** RFC 3339, UTC. */
  created: string;
  /** The reference as the user typed it. */
  image: string;
  /** The image's config digest: `sha256:…`. */
  imageId: string;
  path: string;
  args: string[];
  options: ContainerOptions;
  hostname: string;
  /** Image and flags together, for `inspect`. */
  config: ContainerConfig;
  mounts: VolumeRecord[];
  /** Chain IDs of the image's layers, bottom first. */
  layers: Digest[];
  state: ContainerState;
  network: NetworkAttachment;
}

export interface ContainerState {
  status: ContainerStatus;
  /** Its processes are frozen; `status` is `running` all the same. Never written: the kernel's state is read instead. */
  paused?: boolean;
  /** 0 where not running. */
  pid: number;
  exitCode: number;
  /** Why it failed or was ended, for `inspect`; empty otherwise. */
  error: string;
  oomKilled: boolean;
  startedAt?: string;
  finishedAt?: string;
  /** How often the restart policy has started it since a user did, and how long it waited before the last time. */
  restarts?: Restarts;
  /** Missing where it has no health check. */
  health?: Health;
  /** A user asked for its last end, so that its restart policy did not start it again. */
  stopped?: true;
}

/** The results of a container's health check in its current run, or in the last one. */
export interface Health {
  status: 'starting' | 'healthy' | 'unhealthy';
  /** Failures in a row. */
  failingStreak: number;
  /** The last five, oldest first. */
  log: ProbeResult[];
}

/** One run of a health check. */
export interface ProbeResult {
  /** RFC 3339. */
  start: string;
  end: string;
  /** -1 where it did not end by itself. */
  exitCode: number;
  output: string;
}

export interface Restarts {
  count: number;
  delayMs: number;
}
