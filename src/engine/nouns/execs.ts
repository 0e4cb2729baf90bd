import type { StepEvent } from '../../syscalls/shim.ts';
import type { Attachment, Streams, WindowSize } from './streams.ts';

/** Further commands in running containers. Each has an id of its own, made before it starts. */
export interface Execs {
  /** Throws `not-running` where the container does not run. */
  create(container: string, options: ExecOptions): Promise<{ id: string }>;
  /** Resolves once the command was executed. An exec is started once. */
  start(id: string, options?: { window?: WindowSize; onStep?: (event: StepEvent) => void }): Promise<void>;
  /** Before `start`. */
  attach(id: string, streams: Streams): Promise<Attachment>;
  /** Resolves with the exit status, 0–255; asked before `start`. */
  wait(id: string): Promise<number>;
  signal(id: string, number: number): Promise<void>;
  resize(id: string, size: WindowSize): Promise<void>;
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
