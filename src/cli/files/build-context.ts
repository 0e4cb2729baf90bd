import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { errnoOf, MinidockError } from '../../errors.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { byteString, textOf } from '../../storage/bytes.ts';
import { compressionOf } from '../../storage/compression/formats.ts';
import { Scope } from '../../storage/scope/scope.ts';
import { unpackArchive } from '../../storage/scope/unpack.ts';

/** What `build` works on. */
export interface BuildContext {
  /** None where there is only a Dockerfile. */
  readonly directory?: string;
  readonly dockerfile: { readonly name: string; readonly content: Buffer };
  /** Content of the .dockerignore that counts. */
  readonly ignore?: string;
  close(): void;
}

/**
 * Reads the operand of `build`: a directory, `-` for standard input, or a URL; the last two are a Dockerfile or a tar archive of a
 * context. `file` is `-f`: a path from here, or in the archive; `-` for standard input.
 *
 * @throws {MinidockError} `no-such-file`, `not-a-directory`, `invalid-argument`, `cannot-download`
 */
export async function openBuildContext(
  where: string,
  file: string | undefined,
  { signal, say }: { signal: AbortSignal; say: (text: string) => void },
): Promise<BuildContext> {
  if (where === '-' && file === '-')
    throw new MinidockError('invalid-argument', 'standard input cannot be both the context and the Dockerfile');
  if (where === '-') return await fromBytes(await readAll(process.stdin), file, 'standard input');
  if (/^https?:\/\//.test(where)) return await fromBytes(await fetchAll(where, signal, say), file, where);
  const stats = fs.statSync(where, { throwIfNoEntry: false });
  if (stats === undefined)
    throw new MinidockError('no-such-file', `unable to prepare context: path ${JSON.stringify(where)} not found`);
  if (!stats.isDirectory())
    throw new MinidockError('not-a-directory', `unable to prepare context: ${JSON.stringify(where)} is no directory`, {
      fix: 'name the directory that the Dockerfile copies from, and the Dockerfile by -f',
    });
  return await inDirectory(where, file, file === undefined ? undefined : path.resolve(file), () => {});
}

async function inDirectory(
  directory: string,
  given: string | undefined,
  file: string | undefined,
  close: () => void,
  real: (path: string) => string = path => path,
): Promise<BuildContext> {
  if (given === '-')
    return {
      directory,
      dockerfile: { name: 'Dockerfile', content: await readAll(process.stdin) },
      ...ignoreOf(directory),
      close,
    };
  const found =
    file ?? ['Dockerfile', 'dockerfile'].map(name => path.join(directory, name)).find(one => fs.existsSync(real(one)));
  const name = given ?? path.basename(found ?? 'Dockerfile');
  if (found === undefined)
    throw new MinidockError('no-such-file', `no Dockerfile in ${JSON.stringify(directory)}`, {
      fix: 'make one, or name another file by -f',
    });
  try {
    return {
      directory,
      dockerfile: { name, content: await readDockerfile(real(found)) },
      ...ignoreOf(directory, found, real),
      close,
    };
  } catch (error) {
    const reasons: Record<string, string> = {
      ENOENT: 'no such file',
      EISDIR: 'it is a directory',
      EACCES: 'access denied',
    };
    throw new MinidockError(
      'no-such-file',
      `cannot read ${JSON.stringify(given ?? found)}: ${reasons[errnoOf(error) ?? ''] ?? (error as Error).message}`,
    );
  }
}

/** `Dockerfile.dockerignore` beside the Dockerfile goes before `.dockerignore` of the context. */
function ignoreOf(directory: string, dockerfile?: string, real = (file: string) => file): { ignore?: string } {
  const candidates = [
    ...(dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`]),
    path.join(directory, '.dockerignore'),
  ];
  const file = candidates.map(real).find(one => fs.statSync(one, { throwIfNoEntry: false })?.isFile());
  return file === undefined ? {} : { ignore: fs.readFileSync(file, 'utf8') };
}

async function fromBytes(content: Buffer, file: string | undefined, what: string): Promise<BuildContext> {
  if (!isArchive(content)) return { dockerfile: { name: 'Dockerfile', content }, close: () => {} };
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-context-'));
  const close = () => removeTree(directory);
  const scope = new Scope(directory);
  try {
    await unpackArchive({ scope, at: [], owner: 'caller', followsLinks: false }, Readable.from([content]));
    const inside = file === undefined ? undefined : path.join(directory, path.posix.join('/', file));
    return await inDirectory(directory, file, inside, close, within(scope, directory));
  } catch (error) {
    close();
    if (error instanceof MinidockError && error.message.includes(directory))
      throw new MinidockError('no-such-file', `no Dockerfile in the archive from ${what}`, { fix: 'name it by -f' });
    throw error;
  } finally {
    scope.close();
  }
}

/**
 * Where a file of an archive is: its links are followed by us and lead nowhere out of it. Whoever sends an archive may not read the
 * files of the machine that builds it.
 */
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

/** More than this is none: `-f /dev/zero` would fill the memory. */
const largestDockerfile = 16 << 20;

async function readDockerfile(file: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of fs.createReadStream(file)) {
    size += chunk.length;
    if (size > largestDockerfile) throw new Error('it is larger than 16 MiB, and no Dockerfile');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const isArchive = (content: Buffer): boolean =>
  compressionOf(content) !== 'none' || content.toString('latin1', 257, 262) === 'ustar';

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function fetchAll(url: string, signal: AbortSignal, say: (text: string) => void): Promise<Buffer> {
  const { send } = await import('../../registry/http/http.ts');
  say(`Downloading build context from ${url}\n`);
  const refuse = (reason: string) =>
    new MinidockError('cannot-download', `cannot get the build context from ${url}: ${reason}`);
  if (!URL.canParse(url)) throw refuse('it is no URL');
  const { status, body } = await send({ url: new URL(url), signal }).catch(error => {
    throw signal.aborted ? error : refuse((error as Error).message);
  });
  if (status === 200) return await readAll(body);
  body.destroy();
  throw refuse(`the server answered ${status}`);
}
