import fs from 'node:fs';
import type { Readable } from 'node:stream';
import { MinidockError } from '../../errors.ts';

/** More than this is none: it would fill the memory. */
const largestDockerfile = 16 << 20;

const { O_NONBLOCK, O_RDONLY } = fs.constants;

/** What a shell hands over open, as in `-f <(make-one)`: it may be a pipe. */
const handedOver = /^\/(dev\/fd|proc\/self\/fd)\/\d+$/;

/** Reads the file of a Dockerfile. What is no regular file is refused: a FIFO would keep us waiting, a device has no end. */
export async function readDockerfile(file: string, signal: AbortSignal): Promise<Buffer> {
  if (file === '/dev/stdin') return await readStandardInput(signal);
  const fd = fs.openSync(file, O_RDONLY | O_NONBLOCK);
  let closes = true;
  try {
    const stats = fs.fstatSync(fd);
    if (stats.isFIFO() && handedOver.test(file)) {
      const { Socket } = await import('node:net');
      closes = false;
      return await readAll(new Socket({ fd, readable: true, writable: false }), signal);
    }
    if (stats.isDirectory()) throw new Error('it is a directory');
    if (!stats.isFile()) throw new Error('it is no regular file');
    if (stats.size > largestDockerfile) throw tooLarge();
    return fs.readFileSync(fd);
  } finally {
    if (closes) fs.closeSync(fd);
  }
}

export const readStandardInput = (signal: AbortSignal): Promise<Buffer> =>
  readAll(process.stdin, signal).catch(error => {
    throw signal.aborted ? error : new MinidockError('invalid-argument', `standard input: ${(error as Error).message}`);
  });

/** All that a stream gives, as long as it is no more than a Dockerfile may be. Ends with the reason of the signal. */
export async function readAll(stream: Readable, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of untilAborted(stream, signal)) {
    size += chunk.length;
    if (size > largestDockerfile) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A stream that a signal ends, also while nothing comes. */
export async function* untilAborted(stream: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  const end = () => stream.destroy(signal.reason);
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  try {
    yield* stream as AsyncIterable<Buffer>;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

const tooLarge = () => new Error('it is larger than 16 MiB, and no Dockerfile');
