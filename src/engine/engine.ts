import type { LogEntry } from '../container/log.ts';
import type { ContainerOptions, ContainerRecord } from '../container/record.ts';
import type { MinidockError } from '../errors.ts';
import type { StepEvent } from '../syscalls/shim.ts';
import type { Program } from '../syscalls/step.ts';

/**
 * The one interface behind the command line, the lessons and (later) the HTTP API. Each of those translates; nothing else
 * decides. Every method rejects with a `MinidockError` that is fit for the user's eyes.
 */
export interface Engine {
  /** The program that `create` and `start` would run, without making anything: `--dry-run`. */
  plan(options: ContainerOptions): Promise<Program>;
  /** Makes a container without starting it. */
  create(options: ContainerOptions): Promise<ContainerRecord>;
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

export interface ExecOptions {
  container: string;
  command: string[];
  env: string[];
  workdir?: string;
  user?: string;
  tty: boolean;
  interactive: boolean;
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

export interface LogReader {
  entries(options: { follow: boolean; tail?: number; since?: Date; until?: Date }): AsyncIterable<LogEntry>;
}
