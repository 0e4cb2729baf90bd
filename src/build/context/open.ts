import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, MinidockError } from '../../errors.ts';
import { readDockerfile, readStandardInput } from './dockerfile.ts';

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
 * Reads the operand of `build`: a directory, `-` for standard input, a URL, or a git repository; standard input and what a URL gives
 * is a Dockerfile or a tar archive of a context. `file` is `-f`: a path from here, or in the archive; `-` for standard input.
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
  if (where === '-') {
    const { contextOf } = await import('./archive.ts');
    return await contextOf(process.stdin, file, 'standard input', signal);
  }
  // Those of git begin so too: what is a URL is asked for there.
  if (/^([a-z]+:\/\/|github\.com\/|git@)/.test(where) && !fs.existsSync(where)) {
    const { contextAt } = await import('./remote.ts');
    return await contextAt(where, file, signal, say);
  }
  const stats = fs.statSync(where, { throwIfNoEntry: false });
  if (stats === undefined)
    throw new MinidockError('no-such-file', `unable to prepare context: path ${JSON.stringify(where)} not found`);
  if (!stats.isDirectory())
    throw new MinidockError('not-a-directory', `unable to prepare context: ${JSON.stringify(where)} is no directory`, {
      fix: 'name the directory that the Dockerfile copies from, and the Dockerfile by -f',
    });
  return await contextIn({ directory: where, given: file, file: file && path.resolve(file), signal });
}

export interface ContextDirectory {
  readonly directory: string;
  /** `-f`, as it was given. */
  readonly given: string | undefined;
  /** The file that it means. */
  readonly file: string | undefined;
  readonly signal: AbortSignal;
  /** Where a path of the directory is, for one whose links are not to be followed as they stand. */
  readonly real?: (path: string) => string;
  readonly close?: () => void;
}

export async function contextIn({
  directory,
  given,
  file,
  signal,
  real = path => path,
  close = () => {},
}: ContextDirectory): Promise<BuildContext> {
  if (given === '-') {
    const dockerfile = { name: 'Dockerfile', content: await readStandardInput(signal) };
    return { directory, dockerfile, ...ignoreOf(directory), close };
  }
  const found =
    file ?? ['Dockerfile', 'dockerfile'].map(name => path.join(directory, name)).find(one => fs.existsSync(real(one)));
  const name = given ?? path.basename(found ?? 'Dockerfile');
  if (found === undefined)
    throw new MinidockError('no-such-file', `no Dockerfile in ${JSON.stringify(directory)}`, {
      fix: 'make one, or name another file by -f',
    });
  try {
    const dockerfile = { name, content: await readDockerfile(real(found), signal) };
    return { directory, dockerfile, ...ignoreOf(directory, found, real), close };
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
