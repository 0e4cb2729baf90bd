import { type Duplex, Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { MinidockError } from '../../errors.ts';
import { corrupt } from './corrupt.ts';
import { type Compression, compressionOf, magicLength } from './formats.ts';
import { type HostProgram, throughProgram } from './program.ts';

/** Windows beyond this are refused, so that an image cannot choose our memory (RFC 8878, 3.1.1.1.2). */
const maxZstdWindowLog = 27;
const chunkSize = 512 << 10;

/** What Node's zlib reads, zstd from Node 22.15 on. Room for some chunks: inflating goes on in another thread. */
const inflaters: Partial<Record<Compression, (() => Duplex) | undefined>> = {
  gzip: () => zlib.createGunzip({ chunkSize, highWaterMark: 4 * chunkSize } as object),
  zstd: zstdInflater(),
};

/** Programs of the host for the rest. Each refuses by itself what would need more than 128 MB of memory. */
const programs: Partial<Record<Compression, HostProgram>> = {
  zstd: { command: ['zstd', '-dcq', `--long=${maxZstdWindowLog}`], install: 'apt-get install zstd, yum install zstd' },
  xz: { command: ['xz', '-dcq', '--memlimit-decompress=128MiB'], install: 'apt-get install xz-utils, yum install xz' },
};

/**
 * The bytes of a stream, decompressed: plain, gzip, zstd or xz, told from its first bytes. How far they swell is the
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
  if (compression === 'none') {
    yield* input;
    return;
  }
  const inflater = inflaters[compression];
  const program = programs[compression];
  if (inflater !== undefined) yield* throughZlib(inflater(), input, name, compression);
  else if (program !== undefined) yield* throughProgram(program, input, name, compression);
  else throw unreadable(name, compression);
}

async function* throughZlib(
  inflater: Duplex,
  input: AsyncIterable<Buffer>,
  name: string,
  compression: Compression,
): AsyncGenerator<Buffer> {
  let taken = 0;
  const source = Readable.from(
    counted(input, bytes => {
      taken += bytes;
    }),
  );
  source.on('error', error => inflater.destroy(error));
  source.pipe(inflater);
  try {
    yield* inflater as AsyncIterable<Buffer>;
    // Node ignores bytes behind the end or not, depending on how they were cut into chunks; Go, and so Docker, never does.
    const follow = taken - (inflater as zlib.Gunzip).bytesWritten;
    if (follow > 0) throw corrupt(name, compression, `${follow} bytes follow its end`);
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    throw typeof code === 'string' && /^(Z|ZSTD)_/.test(code) ? corrupt(name, compression, message, error) : error;
  } finally {
    source.destroy();
    inflater.destroy();
  }
}

function zstdInflater(): (() => Duplex) | undefined {
  const { createZstdDecompress, constants } = zlib as {
    createZstdDecompress?: (options: object) => Duplex;
    constants: Record<string, number>;
  };
  const params = { [constants.ZSTD_d_windowLogMax ?? 100]: maxZstdWindowLog };
  return createZstdDecompress && (() => createZstdDecompress({ params }));
}

function unreadable(name: string, compression: Compression): MinidockError {
  return new MinidockError(
    'unknown-compression',
    `${name} is compressed with ${compression}, which minidock cannot read`,
    { fix: 'compress it with gzip, or not at all' },
  );
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
