import { MinidockError } from '../../errors.ts';

/** Tells the bytes of one body from those that follow it on a connection. */
export interface Body {
  readonly isOver: boolean;
  /** What was read beyond it. */
  readonly rest: Buffer;
  /** What of the next bytes of the connection is content. @throws {MinidockError} `invalid-request` */
  take(bytes: Buffer): Buffer;
}

/** The body that the headers of a request announce (RFC 9112, section 6). */
export function bodyOf(headers: Readonly<Record<string, string | string[] | undefined>>): Body {
  if (/\bchunked\s*$/i.test(String(headers['transfer-encoding'] ?? ''))) return new ChunkedBody();
  return new SizedBody(Number(headers['content-length'] ?? 0) || 0);
}

class SizedBody implements Body {
  rest: Buffer = Buffer.alloc(0);

  constructor(private missing: number) {}

  get isOver(): boolean {
    return this.missing === 0;
  }

  take(bytes: Buffer): Buffer {
    const own = bytes.subarray(0, this.missing);
    this.missing -= own.length;
    this.rest = bytes.subarray(own.length);
    return own;
  }
}

/** The longest line of a size, or of a trailer, in bytes. */
const longestLine = 16 << 10;

/** RFC 9112, section 7.1: a line with the size in hexadecimal, so many bytes, and a line's end; after size 0 trailers and an empty line. */
class ChunkedBody implements Body {
  rest: Buffer = Buffer.alloc(0);
  isOver = false;
  #expects: 'size' | 'content' | 'end' | 'trailer' = 'size';
  #missing = 0;

  take(bytes: Buffer): Buffer {
    this.rest = this.rest.length > 0 ? Buffer.concat([this.rest, bytes]) : bytes;
    const content: Buffer[] = [];
    while (!this.isOver) {
      if (this.#expects === 'content') {
        const own = this.rest.subarray(0, this.#missing);
        content.push(own);
        this.#missing -= own.length;
        this.rest = this.rest.subarray(own.length);
        if (this.#missing > 0) break;
        this.#expects = 'end';
        continue;
      }
      const line = this.#line();
      if (line === undefined) break;
      this.#obey(line);
    }
    return Buffer.concat(content);
  }

  #line(): string | undefined {
    const end = this.rest.indexOf('\r\n');
    if (end > longestLine || (end < 0 && this.rest.length > longestLine)) throw malformed();
    if (end < 0) return undefined;
    const line = this.rest.toString('latin1', 0, end);
    this.rest = this.rest.subarray(end + 2);
    return line;
  }

  #obey(line: string): void {
    if (this.#expects === 'size') {
      const [, size] = /^([0-9a-f]{1,12})\s*(;.*)?$/i.exec(line) ?? [];
      if (size === undefined) throw malformed();
      this.#missing = Number.parseInt(size, 16);
      this.#expects = this.#missing === 0 ? 'trailer' : 'content';
    } else if (line === '') {
      this.isOver = this.#expects === 'trailer';
      this.#expects = 'size';
    } else if (this.#expects === 'end') throw malformed();
  }
}

const malformed = () => new MinidockError('invalid-request', 'the body of the request is not well chunked');
