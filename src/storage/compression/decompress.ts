import { Readable } from 'node:stream';
import zlib from 'node:zlib';
import { corrupt } from './corrupt.ts';
import { type Compression, compressionOf, magicLength } from './formats.ts';
import { type HostProgram, throughProgram } from './program.ts';

/** Windows beyond this are refused, so that an image cannot choose our memory (RFC 8878, 3.1.1.1.2). */
const maxZstdWindowLog = 27;
const chunkSize = 512 << 10;

/**
 * Programs of the host for the rest. Node's own zstd (22.15) takes a stream that was cut for a whole one, and ends after the
 * first of several frames. None of these takes more than 128 MB of memory, whatever it reads: bzip2 cannot, the others
 * refuse.
 */
const programs: Record<Exclude<Compression, 'none' | 'gzip'>, HostProgram> = {
  zstd: { command: ['zstd', '-dcq', `--long=${maxZstdWindowLog}`], install: 'apt-get install zstd, yum install zstd' },
  xz: { command: ['xz', '-dcq', '--memlimit-decompress=128MiB'], install: 'apt-get install xz-utils, yum install xz' },
  bzip2: { command: ['bzip2', '-dc'], install: 'apt-get install bzip2, yum install bzip2' },
};

/**
 * The bytes of a stream, decompressed: plain, gzip, zstd, xz or bzip2, told from its first bytes. How far they swell is the
 * caller's to watch (`BombGuard`). An error of the source comes through as it is.
 *
 * @param name stands for the stream in errors: `layer sha256:…`, `the archive`
 * @throws {MinidockError} `corrupt-data`, `unknown-compression`
 */
export async function* decompress(source: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  const head = await headOf(chunks);
  const input = replay(head, chunks);
  const compression = compressionOf(head);
  if (compression === 'none') yield* input;
  else if (compression === 'gzip') yield* gunzip(input, name);
  else yield* throughProgram(programs[compression], input, name, compression);
}

async function* gunzip(input: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  // Room for some chunks: inflating goes on in another thread.
  const inflater = zlib.createGunzip({ chunkSize, highWaterMark: 4 * chunkSize } as object);
  let taken = 0;
  const source = Readable.from(
    counted(input, bytes => {
      taken += bytes;
    }),
  );
  source.on('error', error => inflater.destroy(error));
  source.pipe(inflater);
  try {
    yield* inflater;
    // Node ignores bytes behind the end or not, depending on how they were cut into chunks; Go, and so Docker, never does.
    const follow = taken - inflater.bytesWritten;
    if (follow > 0) throw corrupt(name, 'gzip', `${follow} bytes follow its end`);
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    throw typeof code === 'string' && code.startsWith('Z_') ? corrupt(name, 'gzip', message, error) : error;
  } finally {
    source.destroy();
    inflater.destroy();
  }
}

async function* counted(source: AsyncIterable<Buffer>, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    count(chunk.length);
    yield chunk;
  }
}

async function headOf(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < magicLength) {
    const { value, done } = await chunks.next();
    if (done) break;
    head = head.length === 0 ? value : Buffer.concat([head, value]);
  }
  return head;
}

/** Ends the source as well where its reader stops early. */
async function* replay(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
