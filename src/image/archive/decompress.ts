import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Duplex, Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { errnoOf, MinidockError } from '../../errors.ts';
import { corruptArchive, hostileArchive } from './failure.ts';

/** How far an archive may swell before it counts as a bomb. */
export interface Bounds {
  /** Bytes that may come out whatever went in. */
  free: number;
  /** Beyond them, so many bytes may come out for each that went in. */
  ratio: number;
}

/** An honest archive of layers shrinks to a tenth; gzip cannot go beyond 1:1032, zstd goes beyond 1:10,000. */
export const usualBounds: Bounds = { free: 1 << 30, ratio: 200 };

const magics: [name: string, hex: string][] = [
  ['gzip', '1f8b'],
  ['zstd', '28b52ffd'],
  ['xz', 'fd377a585a00'],
  ['bzip2', '425a68'],
];

/** Whatever PATH says. */
const hostPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Programs of the host (never of an image, CVE-2014-9357) for what Node's zlib cannot read before Node 22.15. Both refuse
 * by themselves what would need more than 128 MB of memory.
 */
const programs: Record<string, [name: string, ...args: string[]]> = {
  zstd: ['zstd', '-dcq', '--memory=128MB'],
  xz: ['xz', '-dcq', '--memlimit-decompress=128MiB'],
};

/** The bytes of an archive, whichever way it is compressed: plain, gzip, zstd or xz, told from its first bytes. */
export async function* decompressArchive(
  source: AsyncIterable<Buffer>,
  bounds: Bounds = usualBounds,
): AsyncGenerator<Buffer> {
  let taken = 0;
  const chunks = counted(source, bytes => {
    taken += bytes;
  });
  const head = await headOf(chunks);
  const input = replay(head, chunks);
  const compression = magics.find(([, magic]) => head.toString('hex', 0, 6).startsWith(magic))?.[0];
  if (compression === undefined) {
    yield* input;
    return;
  }
  let given = 0;
  for await (const chunk of inflated(compression, input)) {
    given += chunk.length;
    if (given > bounds.free && given > taken * bounds.ratio) {
      throw hostileArchive(`it swells to more than ${bounds.ratio} times its size`);
    }
    yield chunk;
  }
}

function inflated(compression: string, input: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  if (compression === 'gzip') return throughZlib(zlib.createGunzip({ chunkSize: 256 << 10 }), input, compression);
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Duplex };
  if (compression === 'zstd' && createZstdDecompress !== undefined) {
    return throughZlib(createZstdDecompress(), input, compression);
  }
  const program = programs[compression];
  if (program !== undefined) return throughProgram(program, input, compression);
  throw new MinidockError('unknown-compression', `the archive is compressed with ${compression}, which is not read`, {
    fix: 'compress it with gzip or zstd, or not at all',
  });
}

async function* throughZlib(
  inflate: Duplex,
  input: AsyncIterable<Buffer>,
  compression: string,
): AsyncGenerator<Buffer> {
  const source = Readable.from(input);
  source.on('error', error => inflate.destroy(error));
  source.pipe(inflate);
  try {
    yield* inflate as AsyncIterable<Buffer>;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code === 'string' && /^(Z|ZSTD)_/.test(code)) {
      throw corruptArchive(`it is no valid ${compression}: ${(error as Error).message}`, error);
    }
    throw error;
  } finally {
    source.destroy();
    inflate.destroy();
  }
}

async function* throughProgram(
  [name, ...args]: [string, ...string[]],
  input: AsyncIterable<Buffer>,
  compression: string,
): AsyncGenerator<Buffer> {
  const child = spawn(name, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: hostPath, LC_ALL: 'C' },
  });
  const ended = once(child, 'close').catch(error => error as Error);
  let failure: unknown;
  let said = '';
  child.stderr.on('data', chunk => {
    said = (said + chunk).slice(0, 500);
  });
  const source = Readable.from(input);
  source.on('error', error => {
    failure = error;
    child.stdin.destroy();
  });
  // It closes its input when it has failed: its exit code says so.
  child.stdin.on('error', () => {});
  source.pipe(child.stdin);
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const end = await ended;
    if (failure !== undefined) throw failure;
    if (end instanceof Error) throw explainStart(end, name, compression);
    if (end[0] !== 0) {
      throw corruptArchive(`it is no valid ${compression}: ${said.trim().split('\n', 1)[0] || `${name} failed`}`);
    }
  } finally {
    source.destroy();
    child.kill('SIGKILL');
    await ended;
  }
}

function explainStart(error: Error, name: string, compression: string): unknown {
  if (errnoOf(error) !== 'ENOENT') return error;
  return new MinidockError(
    'unknown-compression',
    `the archive is compressed with ${compression}, and the program ${name} is not installed`,
    { fix: `install ${name}, or compress the archive with gzip` },
  );
}

async function* counted(source: AsyncIterable<Buffer>, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    count(chunk.length);
    yield chunk;
  }
}

/** The first six bytes or more. */
async function headOf(chunks: AsyncGenerator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 6) {
    const { value, done } = await chunks.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  return head;
}

async function* replay(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* rest;
}
