import type { OutputListener } from '../../syscalls/output.ts';

export type { Streams } from '../../container/record.ts';

export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

/** A connection to the streams of a process. A connection that is made before the process starts gets all output. */
export interface Attachment {
  /**
   * Takes what the process writes; what came before the call is delivered at once. One listener. While it has no room nothing more
   * is read, and neither is the end: output waits in the container's supervisor.
   */
  onOutput(listener: OutputListener): void;
  /** Resolves when the process has taken all of its input so far: wait for it before reading more from elsewhere. */
  write(chunk: Buffer): Promise<void>;
  /** End of file on the process's input, after what was written. Where that outlives its clients nothing happens. */
  endInput(): void;
  /** Lets go: the process lives on. */
  detach(): void;
  /** The exit status. Rejects with `cut-off` where the process lives on and took our place from us. */
  readonly exited: Promise<number>;
}
