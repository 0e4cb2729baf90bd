import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../errors.ts';

/**
 * Bytes in a container's writable layer. A file with several hard links counts once, a directory not at all; files that
 * disappear meanwhile are not counted.
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
        const stat = lstatSync(path, { throwIfNoEntry: false });
        if (stat === undefined || seen.has(stat.ino)) continue;
        seen.add(stat.ino);
        total += stat.size;
      }
    }
  }
  return total;
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
