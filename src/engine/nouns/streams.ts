import type { OutputListener } from '../../syscalls/output.ts';

export type { Streams } from '../../container/record.ts';

export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

/** A connection to the streams of a process. A connection that is made before the process starts gets all output. */
export interface Attachment {
  /**
   * Sets the one listener of the process's output; what came before the call is delivered at once. While the listener has no
   * room nothing more is read, neither output nor the exit status: it waits in the container's supervisor.
   */
  onOutput(listener: OutputListener): void;
  /** Resolves when the process has taken all of its input so far: wait for it before reading more from elsewhere. */
  write(chunk: Buffer): Promise<void>;
  /** End of file on the process's input, after what was written. Without effect where the input outlives its clients. */
  endInput(): void;
  /** Closes the connection. The process goes on. */
  detach(): void;
  /** The exit status. Rejects with `cut-off` where the process goes on and its supervisor closed our connection. */
  readonly exited: Promise<number>;
}
