import { fstatSync, writeSync } from 'node:fs';
import { errnoOf, MinidockError } from '../../errors.ts';
import { printable } from './printable.ts';

/**
 * Where a verb prints. Texts may hold data of others (images, registries, file names, the kernel), so control sequences
 * in them are made visible; only bytes reach a terminal unchanged. All calls return once everything is written.
 */
export abstract class Output {
  /** Writes to standard output. A text is shown (`printable`); bytes are what they are: a container's output, our colours. */
  readonly out = (content: string | Uint8Array): void => this.write(1, shown(content));

  /** As `out`, to standard error. */
  readonly err = (content: string | Uint8Array): void => this.write(2, shown(content));

  /** Writes what is for programs to standard output: as it is, unless that is a terminal. */
  readonly data = (text: string): void => {
    if (this.isTerminal) this.out(text);
    else this.write(1, Buffer.from(text));
  };

  /** Columns of the terminal that standard output is; undefined where it is none. */
  abstract readonly columns: number | undefined;
  /** Columns of the terminal that standard error is. */
  abstract readonly errColumns: number | undefined;
  /** Whether standard output is one. */
  protected abstract readonly isTerminal: boolean;
  protected abstract write(fd: 1 | 2, content: Uint8Array): void;
}

const shown = (content: string | Uint8Array) =>
  typeof content === 'string' ? Buffer.from(printable(content)) : content;

/**
 * Standard output and error, written synchronously: merely touching `process.stdout` costs a short command 2 ms, and
 * what is written this way is never lost by `process.exit`.
 */
class StandardOutput extends Output {
  get columns() {
    return this.isTerminal ? process.stdout.columns || undefined : undefined;
  }
  get errColumns() {
    return isTerminal(2) ? process.stderr.columns || undefined : undefined;
  }
  protected get isTerminal() {
    return isTerminal(1);
  }
  protected write(fd: 1 | 2, content: Uint8Array): void {
    writeAll(fd, content);
  }
}

export const standardOutput: Output = new StandardOutput();

/**
 * Another character device would pass too. node:tty, which tells them apart, is only loaded where more of it is needed.
 */
const isTerminal = (fd: number) => fstatSync(fd).isCharacterDevice();

/** @throws {MinidockError} `output-failed` for standard output; what cannot be said on standard error is not said */
function writeAll(fd: 1 | 2, content: Uint8Array): void {
  let rest = content;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') pause(2);
      // Ends as if by SIGPIPE, which Node ignores: `minidock ps | head -1` is no error.
      else if (errnoOf(error) === 'EPIPE') process.exit(141);
      else if (fd === 2) return;
      else throw outputFailed(error);
    }
  }
}

/** In Docker's words. */
function outputFailed(error: unknown): MinidockError {
  const reason = errnoOf(error) === 'ENOSPC' ? 'no space left on device' : String(errnoOf(error) ?? error);
  return new MinidockError('output-failed', `write /dev/stdout: ${reason}`, { cause: error });
}

/** Another program that shares the terminal made the descriptor non-blocking, and its buffer is full. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
