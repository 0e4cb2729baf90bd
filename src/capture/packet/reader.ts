/**
 * Reads bytes from the wire in their order, most significant first. Behind the end it reads zeros, and `left` says so: a
 * packet that is cut off is shown as far as it goes.
 */
export class Reader {
  private at = 0;
  /** Where the content ends on the wire. */
  private wire: number;

  /** `length` is what there was on the wire, of which `bytes` may be the beginning. */
  constructor(
    readonly bytes: Uint8Array,
    readonly length = bytes.length,
  ) {
    this.wire = length;
  }

  /** Bytes that are there and have not been read. */
  get left(): number {
    return this.end - this.at;
  }

  u8(): number {
    const value = this.at < this.end ? this.bytes[this.at]! : 0;
    this.at++;
    return value;
  }

  u16(): number {
    return this.u8() * 0x100 + this.u8();
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  /** At most so many bytes: fewer where the end comes sooner. */
  take(count: number): Uint8Array {
    const start = Math.min(this.at, this.end);
    this.at += count;
    return this.bytes.subarray(start, Math.min(this.at, this.end));
  }

  /** Nothing behind the next `count` bytes counts any more. */
  cut(count: number): void {
    this.wire = Math.min(this.wire, this.at + count);
  }

  /** What is left, to be read by itself. */
  rest(): Reader {
    const start = Math.min(this.at, this.end);
    return new Reader(this.bytes.subarray(start, this.end), Math.max(0, this.wire - this.at));
  }

  private get end(): number {
    return Math.min(this.bytes.length, this.wire);
  }
}

/** `02:42:ac:12:00:02`; undefined where bytes are missing. */
export function mac(bytes: Uint8Array): string | undefined {
  if (bytes.length < 6) return undefined;
  return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(':');
}

export function addressV4(bytes: Uint8Array): string | undefined {
  return bytes.length < 4 ? undefined : bytes.join('.');
}

/** In the shortest form, as RFC 5952 has it. */
export function addressV6(bytes: Uint8Array): string | undefined {
  if (bytes.length < 16) return undefined;
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! * 0x100 + bytes[2 * i + 1]!).toString(16));
  const zeros = [...groups.join(':').matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)].sort(
    (a, b) => b[0].length - a[0].length || a.index - b.index,
  )[0];
  if (zeros === undefined) return groups.join(':');
  const text = groups.join(':');
  const [before, after] = [text.slice(0, zeros.index), text.slice(zeros.index + zeros[0].length)];
  return `${before.replace(/:$/, '')}::${after.replace(/^:/, '')}`;
}
