import fs from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../errors.ts';
import { randomHex } from '../host/random.ts';
import { listIfPresent } from './files.ts';
import { enginePaths } from './paths.ts';

/** How the names of what was set aside begin. */
export const asidePrefix = '.removed-';

/**
 * Makes a directory under `root` gone for everyone, by one rename, so that it can be removed without a lock and
 * whatever befalls us meanwhile. Returns where it is now; undefined where there was none.
 *
 * It goes into the root itself: a new name may need a block of its directory, which a full disk does not give, and the root
 * has few names and so always room in the block it has. It stays beside its place where that is on a disk of its own.
 */
export function setAside(root: string, directory: string): string | undefined {
  const name = `${asidePrefix}${path.basename(directory).slice(0, 12)}-${randomHex(4)}`;
  try {
    return moved(directory, path.join(root, name));
  } catch (error) {
    if (errnoOf(error) !== 'EXDEV') throw error;
    return moved(directory, path.join(path.dirname(directory), name));
  }
}

function moved(directory: string, aside: string): string | undefined {
  try {
    fs.renameSync(directory, aside);
    return aside;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** What was set aside and is still there: its remover is at work, was killed or met an error. Anybody may remove it. */
export function leftAside(root: string): string[] {
  const { containers, layers, volumes } = enginePaths({ root, execRoot: '' });
  return [root, containers, layers, volumes].flatMap(asideIn);
}

/** As `leftAside`, of one directory. */
export const asideIn = (folder: string): string[] =>
  listIfPresent(folder)
    .filter(name => name.startsWith(asidePrefix))
    .map(name => path.join(folder, name));
