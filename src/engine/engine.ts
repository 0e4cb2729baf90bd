import type { VolumeRecord } from '../container/volumes.ts';
import type { MinidockError } from '../errors.ts';
import type { ContainerConfig } from '../oci/image-config.ts';
import type { StepEvent } from '../syscalls/shim.ts';
import type { Program } from '../syscalls/step.ts';

/**
 * The one interface behind the command line, the lessons and (later) the HTTP API. Each of those translates; nothing else
 * decides. Every method rejects with a `MinidockError` that is fit for the user's eyes.
 */
export interface Engine {
  /** The program that `create` and `start` would run, without making anything: `--dry-run`. */
  plan(options: RunOptions): Promise<Program>;
  /** Makes a container without starting it. */
  create(options: RunOptions): Promise<ContainerRecord>;
  /** Starts a created container and resolves once its command was executed. */
  start(id: string, io: AttachOptions): Promise<RunningContainer>;
  exec(options: ExecOptions, io: AttachOptions): Promise<RunningContainer>;
  /**
   * Containers, newest first; only running ones unless `all`. One whose record is broken goes to `broken`; without it the
   * list rejects: who asks what is in use must know all.
   */
  list(options: { all: boolean; broken?: (error: MinidockError) => void }): Promise<ContainerRecord[]>;
  /** By full id, unique prefix of an id, or name. */
  find(reference: string): Promise<ContainerRecord>;
  stop(reference: string, options: { signal?: string; timeoutSeconds?: number }): Promise<ContainerRecord>;
  /** With `force` also one that runs, or whose record is broken. */
  remove(
    reference: string,
    options: { force: boolean; volumes: boolean },
  ): Promise<Pick<ContainerRecord, 'id' | 'name'>>;
  logs(reference: string): Promise<LogReader>;
}

/** What `run` and `create` ask for, after the flags are parsed and before the image has had its say. */
export interface RunOptions {
  image: string;
  /** Arguments after the image: replace CMD. */
  command: string[];
  name?: string;
  hostname?: string;
  entrypoint?: string;
  env: string[];
  workdir?: string;
  user?: string;
  tty: boolean;
  /** Keeps standard input open. */
  interactive: boolean;
  detach: boolean;
  autoRemove: boolean;
  ports: PortMapping[];
  volumes: VolumeMount[];
  network: 'bridge' | 'host' | 'none';
  /** Bytes. */
  memory?: number;
  /** CPUs, as a fraction: 1.5. */
  cpus?: number;
  pidsLimit?: number;
}

/** `-p 127.0.0.1:8080:80/tcp`. A missing host port is one that the engine picks. */
export interface PortMapping {
  hostIp?: string;
  hostPort?: number;
  containerPort: number;
  protocol: 'tcp' | 'udp';
}

/** `-v source:destination:options`. A source without a slash names a volume, a missing one makes an anonymous volume. */
export interface VolumeMount {
  source?: string;
  destination: string;
  readonly: boolean;
}

export interface ExecOptions {
  container: string;
  command: string[];
  env: string[];
  workdir?: string;
  user?: string;
  tty: boolean;
  interactive: boolean;
}

export type ContainerStatus = 'created' | 'running' | 'exited' | 'dead';

/** A container as it is kept in `containers/<id>/container.json`, with its state of this moment. */
export interface ContainerRecord {
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
  options: RunOptions;
  hostname: string;
  /** Image and flags together, for `inspect`. */
  config: ContainerConfig;
  mounts: VolumeRecord[];
  /** The image's layer directories, bottom first. */
  layers: string[];
  state: ContainerState;
  network: NetworkAttachment;
}

export interface ContainerState {
  status: ContainerStatus;
  /** 0 where not running. */
  pid: number;
  exitCode: number;
  /** Why it failed or was ended, for `inspect`; empty otherwise. */
  error: string;
  oomKilled: boolean;
  startedAt?: string;
  finishedAt?: string;
}

export interface NetworkAttachment {
  mode: 'bridge' | 'host' | 'none';
  ipAddress?: string;
  prefixLength?: number;
  gateway?: string;
  macAddress?: string;
  /** Host end of the veth pair. */
  hostInterface?: string;
  ports: Required<PortMapping>[];
}

export interface AttachOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  /** The terminal's size, set before the command can ask for it. */
  window?: { rows: number; columns: number };
  /** Called for each step with the kernel's answer: `--trace`. */
  trace?: (event: StepEvent) => void;
}

/** A container (or exec'd process) whose command runs. */
export interface RunningContainer {
  pid: number;
  /** 0–255; 128 + n after signal n. */
  exited: Promise<number>;
  onOutput(listener: (stream: 'stdout' | 'stderr', chunk: Buffer) => void): void;
  /** Resolves when the process has taken all of its input so far: wait for it before reading more from elsewhere. */
  write(chunk: Buffer): Promise<void>;
  endInput(): void;
  signal(number: number): void;
  resize(size: { rows: number; columns: number }): void;
  /** Lets go: the container lives on. */
  detach(): void;
}

export interface LogEntry {
  stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds. */
  time: string;
  /** With its newline, where it has one. */
  line: Buffer;
}

export interface LogReader {
  entries(options: { follow: boolean; tail?: number; since?: Date; until?: Date }): AsyncIterable<LogEntry>;
}
