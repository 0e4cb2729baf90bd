import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { MinidockError } from '../../errors.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { byteString, textOf } from '../../storage/bytes.ts';
import { compressionOf } from '../../storage/compression/formats.ts';
import { Scope } from '../../storage/scope/scope.ts';
import { unpackArchive } from '../../storage/scope/unpack.ts';
import { readAll, untilAborted } from './dockerfile.ts';
import { type BuildContext, contextIn } from './open.ts';

/** So many bytes tell a Dockerfile from an archive: the first header of a tar. */
const headLength = 512;

/** The context that a stream is: a Dockerfile alone, or an archive, which is unpacked as it comes. */
export async function contextOf(
  stream: Readable,
  file: string | undefined,
  what: string,
  signal: AbortSignal,
): Promise<BuildContext> {
  const { head, all } = await withHead(untilAborted(stream, signal));
  if (!isArchive(head)) {
    try {
      const content = await readAll(Readable.from(all), signal);
      return { dockerfile: { name: 'Dockerfile', content }, close: () => {} };
    } catch (error) {
      throw signal.aborted ? error : new MinidockError('invalid-argument', `${what}: ${(error as Error).message}`);
    }
  }
  return await inFolder(what, file, signal, async folder => {
    const scope = new Scope(folder);
    try {
      await unpackArchive({ scope, at: [], owner: 'caller', followsLinks: false }, all);
    } finally {
      scope.close();
    }
    return folder;
  });
}

/**
 * The context that `fill` puts into a folder of its own; it returns the directory of it that is meant. Links there are followed by us
 * and lead nowhere out of it: whoever sends a context may not read the files of the machine that builds it.
 */
export async function inFolder(
  what: string,
  file: string | undefined,
  signal: AbortSignal,
  fill: (folder: string) => Promise<string>,
): Promise<BuildContext> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-context-'));
  const close = () => removeTree(folder);
  let scope: Scope | undefined;
  try {
    const directory = await fill(folder);
    scope = new Scope(directory);
    const inside = file === undefined || file === '-' ? undefined : path.join(directory, path.posix.join('/', file));
    return await contextIn({ directory, given: file, file: inside, signal, real: within(scope, directory), close });
  } catch (error) {
    close();
    if (error instanceof MinidockError && error.message.includes(folder))
      throw new MinidockError('no-such-file', `no Dockerfile in what came from ${what}`, { fix: 'name it by -f' });
    throw error;
  } finally {
    scope?.close();
  }
}

const within =
  (scope: Scope, directory: string) =>
  (file: string): string => {
    try {
      const { names } = scope.locate(byteString(path.relative(directory, file)), { followLast: true });
      return path.join(directory, ...names.map(textOf));
    } catch (error) {
      if (error instanceof MinidockError) return `${directory}.nothing`;
      throw error;
    }
  };

async function withHead(stream: AsyncGenerator<Buffer>): Promise<{ head: Buffer; all: AsyncGenerator<Buffer> }> {
  const chunks: Buffer[] = [];
  for (let size = 0; size < headLength; ) {
    const { value, done } = await stream.next();
    if (done) break;
    chunks.push(value);
    size += value.length;
  }
  const head = Buffer.concat(chunks);
  async function* all() {
    yield head;
    yield* stream;
  }
  return { head, all: all() };
}

const isArchive = (head: Buffer): boolean =>
  compressionOf(head) !== 'none' || head.toString('latin1', 257, 262) === 'ustar';
