import fs from 'node:fs';
import path from 'node:path';
import { isAlive, type ProcessIdentity } from '../host/process.ts';
import { ensureDirectory, listIfPresent, readIfPresent } from './files.ts';
import { enginePaths, type Roots } from './paths.ts';

/**
 * Which containers need the keeper: an empty file for each, by its full id, in a directory that exists while there is one.
 * A marker is made before the reason for it is written down, and removed under the container's lock; so one may be there
 * without need, and none is missing.
 */
export function markKept(roots: Roots, id: string): void {
  const { kept } = enginePaths(roots);
  for (;;) {
    ensureDirectory(kept, 0o700);
    try {
      fs.writeFileSync(path.join(kept, id), '', { mode: 0o600 });
      return;
    } catch (error) {
      // The directory was removed in between, with what was the last marker.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

export function unmarkKept(roots: Roots, id: string): void {
  const { kept } = enginePaths(roots);
  try {
    fs.unlinkSync(path.join(kept, id));
    fs.rmdirSync(kept);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

export const isKept = (roots: Roots, id: string): boolean => fs.existsSync(path.join(enginePaths(roots).kept, id));

/** Full ids. */
export function keptIds(roots: Roots): string[] {
  return listIfPresent(enginePaths(roots).kept);
}

/** The addresses at which the keeper answers names: `answers`, or the errno of why it cannot. */
export type NamesAnswered = Readonly<Record<string, string>>;

/** What the keeper's file says while it lives: which process it is, and where it answers names. */
export type KeeperSaid = ProcessIdentity & { readonly names?: NamesAnswered };

/** Empty where no keeper lives. */
export function namesAnswered(roots: Roots): NamesAnswered {
  return livingKeeper(roots)?.names ?? {};
}

/** Whether containers need the keeper and it does not live: it was killed. Where none needs it, this is one access(2). */
export function isNeglected(roots: Roots): boolean {
  return fs.existsSync(enginePaths(roots).kept) && livingKeeper(roots) === undefined;
}

function livingKeeper(roots: Roots): KeeperSaid | undefined {
  try {
    const said = JSON.parse(readIfPresent(enginePaths(roots).keeper) ?? '') as KeeperSaid;
    return isAlive(said) ? said : undefined;
  } catch {
    return undefined;
  }
}

/** Makes a keeper that lives look again (inotify(7), IN_MODIFY). */
export function wakeKeeper(roots: Roots): void {
  try {
    fs.truncateSync(enginePaths(roots).keeperLock, 0);
  } catch {
    // Without the file there is no keeper.
  }
}
