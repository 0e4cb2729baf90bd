import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex, Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { errnoOf, MinidockError } from '../errors.ts';

/** Windows beyond this are refused, so that a layer cannot choose our memory (RFC 8878, 3.1.1.1.2). */
const maxWindowLog = 27;
/** Never a program of an image, whatever PATH says (CVE-2014-9357). */
const hostPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The bytes of a zstd stream: by Node's zlib from 22.15 on, by the host's `zstd` before.
 *
 * @throws {MinidockError} `corrupt-layer`, `unknown-compression` where neither is there
 */
export function inflateZstd(source: Readable, name: string): AsyncIterable<Buffer> {
  const { createZstdDecompress, constants } = zlib as {
    createZstdDecompress?: (options: object) => Duplex;
    constants: Record<string, number>;
  };
  if (createZstdDecompress === undefined) return throughProgram(source, name);
  const params = { [constants.ZSTD_d_windowLogMax ?? 100]: maxWindowLog };
  return throughZlib(source, createZstdDecompress({ params }), name);
}

async function* throughZlib(source: Readable, inflate: Duplex, name: string): AsyncGenerator<Buffer> {
  source.on('error', error => inflate.destroy(error));
  source.pipe(inflate);
  try {
    yield* inflate as AsyncIterable<Buffer>;
  } catch (error) {
    const { code } = error as { code?: unknown };
    throw typeof code === 'string' && code.startsWith('Z') ? corrupt(name, (error as Error).message, error) : error;
  } finally {
    inflate.destroy();
  }
}

async function* throughProgram(source: Readable, name: string): AsyncGenerator<Buffer> {
  const args = ['-dcq', `--long=${maxWindowLog}`];
  const child = spawn('zstd', args, { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: hostPath, LC_ALL: 'C' } });
  const ended = once(child, 'close').catch(error => error as Error);
  let failure: unknown;
  let said = '';
  child.stderr.on('data', chunk => {
    said = (said + chunk).slice(0, 500);
  });
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
    if (end instanceof Error) throw explainStart(end, name);
    if (end[0] !== 0) throw corrupt(name, said.trim().split('\n', 1)[0] || 'zstd failed');
  } finally {
    source.destroy();
    child.kill('SIGKILL');
    await ended;
  }
}

function corrupt(name: string, reason: string, cause?: unknown): MinidockError {
  return new MinidockError('corrupt-layer', `${name} is no valid zstd: ${reason}`, { cause });
}

function explainStart(error: Error, name: string): unknown {
  if (errnoOf(error) !== 'ENOENT') return error;
  return new MinidockError(
    'unknown-compression',
    `${name} is compressed with zstd, which Node ${process.versions.node} cannot read, and zstd is not installed`,
    { cause: error, fix: 'install zstd (apt-get install zstd, yum install zstd), or use Node 22.15 or newer' },
  );
}
