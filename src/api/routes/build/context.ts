import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MinidockError } from '../../../errors.ts';
import { removeTree } from '../../../state/remove-tree.ts';
import { readFile } from '../../../storage/merged-view.ts';
import { Scope } from '../../../storage/scope/scope.ts';
import { unpackArchive } from '../../../storage/scope/unpack.ts';

/** What a client sent to be built: files here until it is closed. */
export interface SentContext {
  readonly directory: string;
  readonly dockerfile: { readonly name: string; readonly content: Buffer };
  /** Content of the .dockerignore that counts. */
  readonly ignore?: string;
  close(): void;
}

/** The most that a Dockerfile or a .dockerignore may hold, in bytes. */
const most = 16 << 20;

/**
 * Unpacks the context of a build. Names of files in it, and the links there, lead nowhere out of it.
 *
 * @param file of the Dockerfile, in the context
 * @throws {MinidockError} `no-such-file` where there is no Dockerfile; `corrupt-archive`, `hostile-archive`
 */
export async function receiveContext(archive: AsyncIterable<Buffer>, file: string): Promise<SentContext> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-build-'));
  const close = () => removeTree(directory);
  try {
    await unpackContext(directory, archive);
    const inside = path.posix.join('/', file || 'Dockerfile');
    const names = file === '' || file === 'Dockerfile' ? [inside, '/dockerfile'] : [inside];
    const [content] = names.flatMap(name => textOf(directory, name) ?? []);
    if (content === undefined)
      throw new MinidockError('no-such-file', `Cannot locate specified Dockerfile: ${file || 'Dockerfile'}`);
    const ignore = textOf(directory, `${inside}.dockerignore`) ?? textOf(directory, '/.dockerignore');
    return {
      directory,
      dockerfile: { name: inside.slice(1), content },
      ...(ignore !== undefined && { ignore: ignore.toString() }),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function textOf(directory: string, name: string): Buffer | undefined {
  const found = readFile([directory], name, most);
  if (found.kind === 'too large')
    throw new MinidockError('no-such-file', `${name} in the context is over ${most} bytes`);
  return found.kind === 'file' ? found.content : undefined;
}

/** Unpacks what a client sent into a directory. Names in it, and the links there, lead nowhere out of it. */
export async function unpackContext(directory: string, archive: AsyncIterable<Buffer>): Promise<void> {
  const scope = new Scope(directory);
  try {
    await unpackArchive({ scope, at: [], owner: 'caller', followsLinks: false }, archive);
  } finally {
    scope.close();
  }
}
