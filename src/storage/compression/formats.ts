export type Compression = 'none' | 'gzip' | 'zstd' | 'xz' | 'bzip2';

/** How many bytes are needed to tell how a stream is compressed. */
export const magicLength = 6;

const magics: [name: Compression, hex: string][] = [
  ['gzip', '1f8b'],
  ['zstd', '28b52ffd'],
  ['xz', 'fd377a585a00'],
  ['bzip2', '425a68'],
];

/** How bytes that begin with `head` are compressed. It is read from them and not from a media type, as Docker does. */
export function compressionOf(head: Buffer): Compression {
  const hex = head.subarray(0, magicLength).toString('hex');
  return magics.find(([, magic]) => hex.startsWith(magic))?.[0] ?? 'none';
}
