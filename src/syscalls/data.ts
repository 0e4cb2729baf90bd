import { MinidockError } from '../errors.ts';

/**
 * Memory that a step points to. Known by identity: two steps that name the same `Data` see the same bytes, also what the
 * kernel wrote there.
 */
export interface Data {
  readonly kind: 'data';
  readonly bytes: Uint8Array;
  /** Offsets in `bytes` that hold a 64-bit pointer to other data (argv, iovec, sock_fprog). */
  readonly pointers: readonly { readonly at: number; readonly to: Data }[];
  /** How it reads in a printed program: a JSON string for text, the words of `ip` for a netlink message. */
  readonly text: string;
}

const none: Data['pointers'] = [];

/**
 * Text, which the encoder writes straight into the program: a container's has hundreds, and of most nobody asks for the bytes or
 * for how they read.
 */
export class TextData implements Data {
  readonly kind = 'data';
  readonly pointers = none;
  readonly length: number;

  /** @param end how many NULs follow it */
  constructor(
    readonly string: string,
    readonly end: 0 | 1,
  ) {
    this.length = Buffer.byteLength(string) + end;
  }

  /** A copy: steps that write into their data take `room`. */
  get bytes(): Uint8Array {
    return Buffer.from(this.string + '\0'.repeat(this.end));
  }

  get text(): string {
    return JSON.stringify(this.string);
  }

  /** For ../api/plain.ts, which writes no classes. */
  toPlain(): Data {
    return { kind: this.kind, bytes: this.bytes, pointers: this.pointers, text: this.text };
  }
}

/** How many bytes there are, in all. */
export const lengthOf = (data: Data): number => (data instanceof TextData ? data.length : data.bytes.length);

/** A NUL-terminated string. Throws `step-failed` where the text itself holds a NUL, which the kernel would cut at. */
export function str(text: string): Data {
  if (text.includes('\0'))
    throw new MinidockError('step-failed', `what the kernel is told cannot hold a NUL byte: ${JSON.stringify(text)}`);
  return new TextData(text, 1);
}

/** Bytes as they are, with the words that a reader sees for them. */
export function bytes(content: Uint8Array, text: string): Data {
  return { kind: 'data', bytes: content, pointers: none, text };
}

/** Text without the NUL: what `write` takes. */
export function text(content: string): Data {
  return new TextData(content, 0);
}

/** Zeroed room for the kernel's answer, `size` bytes. */
export function room(size: number, label: string): Data {
  return { kind: 'data', bytes: new Uint8Array(size), pointers: none, text: label };
}

/** A NULL-terminated array of strings: argv or envp. Data stand for a string that another step writes. */
export function strings(values: readonly (string | Data)[], label?: string): Data {
  return {
    kind: 'data',
    bytes: new Uint8Array(8 * (values.length + 1)),
    pointers: values.map((value, i) => ({ at: i * 8, to: typeof value === 'string' ? str(value) : value })),
    text:
      label ?? `[${values.map(value => (typeof value === 'string' ? JSON.stringify(value) : value.text)).join(', ')}]`,
  };
}

/** A structure: fields of given width in order, little-endian, without padding of its own (name it with `pad`). */
export function struct(label: string, ...fields: readonly Field[]): Data {
  let size = 0;
  for (let i = 0; i < fields.length; i++) size += widthOf(fields[i]!);
  const content = new Uint8Array(size);
  const view = new DataView(content.buffer);
  const pointers: { at: number; to: Data }[] = [];
  let at = 0;
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    if ('u64' in field) putLong(view, at, field.u64);
    else if ('u32' in field) view.setUint32(at, field.u32 >>> 0, true);
    else if ('u16' in field) view.setUint16(at, field.u16, true);
    else if ('u8' in field) view.setUint8(at, field.u8);
    else if ('bytes' in field) content.set(field.bytes, at);
    else if ('pointer' in field) pointers.push({ at, to: field.pointer });
    at += widthOf(field);
  }
  return { kind: 'data', bytes: content, pointers, text: label };
}

export type Field =
  | { u8: number }
  | { u16: number }
  | { u32: number }
  | { u64: number | bigint }
  | { bytes: Uint8Array }
  | { pointer: Data }
  | { pad: number };

function putLong(view: DataView, at: number, value: number | bigint): void {
  if (typeof value === 'number' && value >= 0 && value <= 0xffffffff) view.setUint32(at, value, true);
  else view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
}

function widthOf(field: Field): number {
  if ('u64' in field || 'pointer' in field) return 8;
  if ('u32' in field) return 4;
  if ('u16' in field) return 2;
  if ('u8' in field) return 1;
  return 'bytes' in field ? field.bytes.length : field.pad;
}
