import { fstatSync, writeSync } from 'node:fs';
import { errnoOf } from '../../errors.ts';

/** Where a verb prints. Both calls return once everything is written. */
export interface Output {
  out(content: string | Uint8Array): void;
  err(content: string | Uint8Array): void;
  /** Columns of the terminal that standard output is; undefined where it is none. */
  readonly columns?: number;
  /** Columns of the terminal that standard error is. */
  readonly errColumns?: number;
}

/**
 * Standard output and error, written synchronously: merely touching `process.stdout` costs a short command 2 ms, and
 * what is written this way is never lost by `process.exit`.
 */
export const standardOutput: Output = {
  out: content => writeAll(1, content),
  err: content => writeAll(2, content),
  get columns() {
    return fstatSync(1).isCharacterDevice() ? process.stdout.columns || undefined : undefined;
  },
  get errColumns() {
    return fstatSync(2).isCharacterDevice() ? process.stderr.columns || undefined : undefined;
  },
};

function writeAll(fd: number, content: string | Uint8Array): void {
  let rest = typeof content === 'string' ? Buffer.from(content) : content;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') pause(2);
      // As if SIGPIPE had ended us, which Node ignores: `minidock ps | head -1` is no error.
      else if (errnoOf(error) === 'EPIPE') process.exit(141);
      else throw error;
    }
  }
}

/** Somebody made our end non-blocking (a terminal shared with another program) and it is full. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
