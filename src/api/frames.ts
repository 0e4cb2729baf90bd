import type { Writable } from 'node:stream';

/**
 * Docker's multiplexed stream (Docker Engine API, "Attach to a container", stream format): a header of eight bytes — the stream's
 * number, three zeros, the length in big-endian — and so many bytes. Docker has 0 to 2. Between two minidocks there are also the end
 * (of the input, or of the process: JSON) and the word that input was taken.
 */
const numbers = { stdin: 0, stdout: 1, stderr: 2, end: 3, taken: 4 } as const;
export type FrameKind = keyof typeof numbers;

const kinds = Object.keys(numbers) as FrameKind[];
const headerSize = 8;
/** The most that a frame may hold, in bytes. */
const most = 16 << 20;

export function frame(kind: FrameKind, content: Uint8Array | string = ''): Buffer {
  const bytes = Buffer.from(content as Uint8Array);
  return Buffer.concat([headerOf(kind, bytes.length), bytes]);
}

/** Sends a frame: header and content go in one write of the kernel's (writev), and the content is not copied. */
export function sendFrame(connection: Writable, kind: FrameKind, content: Uint8Array): void {
  connection.cork();
  connection.write(headerOf(kind, content.length));
  connection.write(content);
  connection.uncork();
}

/**
 * The frames of many lines, in one piece: a line is often shorter than what it costs to send one.
 *
 * @param lines each a byte a character
 */
export function framesOf(lines: readonly { readonly kind: FrameKind; readonly line: string }[]): Buffer {
  const frames = Buffer.allocUnsafe(lines.reduce((sum, { line }) => sum + headerSize + line.length, 0));
  let at = 0;
  for (const { kind, line } of lines) {
    frames.writeUInt32BE(numbers[kind] << 24, at);
    frames.writeUInt32BE(line.length, at + 4);
    frames.write(line, at + headerSize, 'latin1');
    at += headerSize + line.length;
  }
  return frames;
}

function headerOf(kind: FrameKind, length: number): Buffer {
  const header = Buffer.alloc(headerSize);
  header[0] = numbers[kind];
  header.writeUInt32BE(length, 4);
  return header;
}

/** Cuts a stream into frames. Feed it chunks as they come; it keeps the rest of a partial frame. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Throws an Error for bytes that are no frame. */
  *push(chunk: Buffer): Generator<{ kind: FrameKind; content: Buffer }> {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    while (this.#rest.length >= headerSize) {
      const kind = kinds[this.#rest[0]!];
      const end = headerSize + this.#rest.readUInt32BE(4);
      if (kind === undefined || end > most) throw new Error('the stream is not made of frames');
      if (this.#rest.length < end) return;
      const content = this.#rest.subarray(headerSize, end);
      this.#rest = this.#rest.subarray(end);
      yield { kind, content };
    }
  }
}
