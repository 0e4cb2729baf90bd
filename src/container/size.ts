import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../errors.ts';

/**
 * Bytes in a container's writable layer. A file with several hard links counts once, a directory not at all; files that
 * disappear meanwhile, or lie deeper than a path may be long (PATH_MAX), are not counted.
 */
export function writtenBytes(upper: string): number {
  const seen = new Set<number>();
  const directories = [upper];
  let total = 0;
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    for (const entry of entriesOf(directory)) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) directories.push(path);
      else {
        const stat = orNothing(() => lstatSync(path));
        if (stat === undefined || seen.has(stat.ino)) continue;
        seen.add(stat.ino);
        total += stat.size;
      }
    }
  }
  return total;
}

function entriesOf(directory: string): Dirent[] {
  return orNothing(() => readdirSync(directory, { withFileTypes: true })) ?? [];
}

function orNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
