import type { ByteString } from './tar/header.ts';

/** A byte string (one character per byte) as `fs` takes it: text where it is ASCII, which is quicker, else bytes. */
export function pathOf(name: ByteString): string | Buffer {
  return isAscii(name) ? name : Buffer.from(name, 'latin1');
}

/** A path of ours as a byte string. */
export function byteString(text: string): ByteString {
  return isAscii(text) ? text : Buffer.from(text).toString('latin1');
}

/** A byte string as text; what is no UTF-8 in it is lost. */
export function textOf(name: ByteString): string {
  return isAscii(name) ? name : Buffer.from(name, 'latin1').toString();
}

/** A path for a JSON file: text where it is UTF-8, else its bytes, marked as such; a path begins with a slash. */
export function jsonPath(path: ByteString): string {
  const text = textOf(path);
  return byteString(text) === path ? text : `bytes:${path}`;
}

/** For messages: as UTF-8 text, control characters escaped, cut where it is very long. */
export function readable(name: ByteString): string {
  const text = textOf(name);
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

/** One byte a character in UTF-8. Native: V8's optimizing compiler would start for a loop over the characters, in a command of 60 ms. */
export const isAscii = (text: string): boolean => Buffer.byteLength(text) === text.length;

/** `1.5 GB`, for messages. */
export function humanBytes(bytes: number): string {
  const unit = Math.min(4, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${Number((bytes / 1000 ** unit).toPrecision(3))} ${['bytes', 'kB', 'MB', 'GB', 'TB'][unit]}`;
}
