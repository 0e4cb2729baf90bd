import type { StepEvent } from '../../syscalls/shim.ts';
import type { Attachment, Streams, WindowSize } from './streams.ts';

/**
 * Further commands in running containers. Each has an id of its own, made before it starts, by which any process can ask for
 * it until it is removed, or until its container ends. One that has ended is forgotten after five minutes.
 */
export interface Execs {
  /** Throws `not-running` where the container does not run. */
  create(container: string, options: ExecOptions): Promise<{ id: string }>;
  /** Resolves once the command was executed. Throws `conflict` where it was started before. One that cannot be started is gone. */
  start(id: string, options?: { window?: WindowSize; onStep?: (event: StepEvent) => void }): Promise<void>;
  /** To one that runs: its output from now on. Before `start`, in the process that will start it: all of its output. */
  attach(id: string, streams: Streams): Promise<Attachment>;
  /** Resolves with the exit status, 0–255. Asked before `start` in the process that will start it, it waits for that run. */
  wait(id: string, options?: { abort?: AbortSignal | undefined }): Promise<number>;
  signal(id: string, number: number): Promise<void>;
  /** Sets the size of its terminal. */
  resize(id: string, size: WindowSize): Promise<void>;
  inspect(id: string): Promise<InspectedExec>;
  /** The execs of a running container, in no order, with those that have ended and are not forgotten yet. */
  list(container: string): Promise<InspectedExec[]>;
  /** Forgets one that has ended; one that runs is left alone. */
  remove(id: string): Promise<void>;
}

export interface ExecOptions {
  readonly command: readonly string[];
  /** `NAME=value`, over the container's own. */
  readonly env: readonly string[];
  readonly workdir?: string;
  readonly user?: string;
  /** With all capabilities that this host can give. */
  readonly privileged?: boolean;
  readonly tty: boolean;
  /** Keeps standard input open. */
  readonly interactive: boolean;
}

export interface InspectedExec {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Full id. */
  readonly container: string;
  readonly options: ExecOptions;
  readonly status: 'created' | 'running' | 'ended';
  /** On the host; 0 unless it runs. */
  readonly pid: number;
  /** Of one that has ended. */
  readonly exitCode?: number;
}
