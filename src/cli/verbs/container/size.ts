import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../../errors.ts';
import { humanSize } from '../../print/size.ts';

/**
 * What a container wrote, and that together with its image, as `ps` shows it: `5B (virtual 1.98MB)`.
 *
 * @param upper the container's writable layer
 * @param image bytes of the image's layers; undefined where it is gone
 */
export function containerSize(upper: string, image: number | undefined): string {
  const written = writtenBytes(upper);
  const alone = humanSize(written, 3);
  return image === undefined ? alone : `${alone} (virtual ${humanSize(written + image, 3)})`;
}

/** Of a file with many names the size once; directories count nothing. What goes away meanwhile is not counted. */
function writtenBytes(upper: string): number {
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
