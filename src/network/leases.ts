import fs from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../errors.ts';
import { ensureDirectory, listIfPresent, readLinkIfPresent } from '../state/files.ts';
import { removeTrees } from '../state/remove-tree.ts';

/**
 * Leases: what containers hold of a network (addresses, host ports) is a symbolic link with that name to the container's
 * directory. A dangling link is a free lease, so nothing has to be given back, however the container was removed or the engine
 * killed. Two rules make that safe: a caller holds the engine's lock while it takes a lease, and the container's directory
 * exists before its first lease.
 *
 * Takes the first of `names` that is free; undefined where none is.
 */
export function takeLease(directory: string, names: Iterable<string>, containerDirectory: string): string | undefined {
  ensureDirectory(directory);
  const taken = new Set(listIfPresent(directory));
  const target = path.relative(directory, containerDirectory);
  for (const name of names) {
    const link = `${directory}/${name}`;
    if (taken.has(name)) {
      if (fs.existsSync(link)) continue;
      fs.rmSync(link, { force: true });
    }
    fs.symlinkSync(target, link);
    return name;
  }
  return undefined;
}

/** The names that a container holds. */
export function leasesOf(directory: string, containerDirectory: string): string[] {
  const target = path.relative(directory, containerDirectory);
  return listIfPresent(directory).filter(name => readLinkIfPresent(`${directory}/${name}`) === target);
}

/** Gives back all that a container holds. Nothing to give back is no error. */
export function releaseLeases(directory: string, containerDirectory: string): void {
  for (const name of leasesOf(directory, containerDirectory)) {
    try {
      fs.unlinkSync(`${directory}/${name}`);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
}

/** Removes leases whose container is gone. The caller holds the engine's lock, as for `takeLease`. */
export function sweepLeases(directory: string): void {
  const dangling = listIfPresent(directory).filter(name => !fs.existsSync(`${directory}/${name}`));
  removeTrees(dangling.map(name => `${directory}/${name}`));
}
