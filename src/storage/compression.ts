import { MinidockError } from '../errors.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

/** So many bytes tell how something is compressed. */
export const magicLength = 6;

const magics: [name: string, hex: string][] = [
  ['gzip', '1f8b'],
  ['zstd', '28b52ffd'],
  ['xz', 'fd377a585a00'],
  ['bzip2', '425a68'],
];

/**
 * How bytes that begin with `head` are compressed. It is read from them and not from a media type, as Docker does.
 * Throws `unknown-compression` for what is not in `readable`.
 */
export function compressionOf<T extends Compression = 'none' | 'gzip'>(
  head: Buffer,
  name: string,
  readable: readonly T[] = ['none', 'gzip'] as T[],
): T {
  const hex = head.subarray(0, magicLength).toString('hex');
  const found = magics.find(([, magic]) => hex.startsWith(magic))?.[0] ?? 'none';
  if (readable.includes(found as T)) return found as T;
  throw new MinidockError('unknown-compression', `${name} is compressed with ${found}, which minidock cannot read`, {
    fix: 'compress it with gzip, or not at all',
  });
}

/** An error of zlib in words; others pass through. */
export function explainInflate(error: unknown, name: string): unknown {
  const { code, message } = error as { code?: unknown; message: string };
  if (typeof code !== 'string' || !code.startsWith('Z_')) return error;
  return new MinidockError('corrupt-layer', `${name} is no valid gzip: ${message}`, { cause: error });
}

/**
 * Refuses bytes behind the end of a gzip stream. Node ignores them or not, depending on how they were cut into chunks; Go,
 * and so Docker, never does. `used` is what the stream took of `size` bytes.
 */
export function checkNothingFollows(used: number, size: number, name: string): void {
  if (used === size) return;
  throw new MinidockError('corrupt-layer', `${name} is no valid gzip: ${size - used} bytes follow its end`);
}
