import fs from 'node:fs';

/** What told files and directories apart from what they were before; undefined for one that is not there. */
export type Stamp = readonly (fs.Stats | undefined)[];

/**
 * How old the last change of a file must be, in milliseconds, before its stamp is trusted: time stamps are as coarse as a tick of the
 * kernel (10 ms at most), and of two changes in one tick the second would not be seen.
 */
const restMs = 100;

/** Undefined where one of the paths cannot be looked at: whoever reads it says why. */
export function stampOf(paths: readonly string[]): Stamp | undefined {
  try {
    return paths.map(path => fs.statSync(path, { throwIfNoEntry: false }));
  } catch {
    return undefined;
  }
}

/**
 * Whether nothing has changed between two stamps: no content of a file, no name in a directory. The inode alone would not tell, since
 * the next file may have it again.
 */
export const isSame = (a: Stamp, b: Stamp): boolean => a.every((one, at) => isSameFile(one, b[at]));

function isSameFile(a: fs.Stats | undefined, b: fs.Stats | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs && a.dev === b.dev;
}

/**
 * Whether any later change gives another stamp. One in the future does not rest: the clock was set back.
 *
 * @param now when the stamp was taken, as Date.now()
 */
export const hasRested = (stamp: Stamp, now: number): boolean =>
  stamp.every(one => one === undefined || Math.max(one.ctimeMs, one.mtimeMs) < now - restMs);
