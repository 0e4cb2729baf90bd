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
 * Takes the first of `names` that is free; undefined where none is. `listed` are those in the directory, for a caller that knows.
 */
export function takeLease(
  directory: string,
  names: Iterable<string>,
  containerDirectory: string,
  listed = listIfPresent(directory),
): string | undefined {
  const taken = new Set(listed);
  const target = wayTo(directory, containerDirectory);
  for (const name of names) {
    const link = `${directory}/${name}`;
    if (taken.has(name)) {
      if (fs.existsSync(link)) continue;
      fs.rmSync(link, { force: true });
    }
    enter(target, link);
    return name;
  }
  return undefined;
}

function enter(target: string, link: string): void {
  try {
    fs.symlinkSync(target, link);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    ensureDirectory(path.dirname(link));
    fs.symlinkSync(target, link);
  }
}

/** As a lease says it: from the directory of the leases to that of a container. Both begin with the engine's root, as it was given. */
function wayTo(directory: string, containerDirectory: string): string {
  const [from, to] = [directory.split('/'), containerDirectory.split('/')];
  let same = 0;
  while (same < from.length && from[same] === to[same]) same++;
  return [...from.slice(same).fill('..'), ...to.slice(same)].join('/');
}

/** The names that a container holds. */
export function leasesOf(directory: string, containerDirectory: string, listed = listIfPresent(directory)): string[] {
  const target = wayTo(directory, containerDirectory);
  return listed.filter(name => readLinkIfPresent(`${directory}/${name}`) === target);
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
