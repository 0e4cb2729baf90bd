import fs from 'node:fs';
import { takesNothing, writeAtomic } from './files.ts';

/**
 * As `writeAtomic`, and possible on a full disk where the content is no longer than what it replaces: a second file of that length,
 * `FILE.spare`, has the blocks for it. It is filled in place and renamed; a new one is made as soon as there is space. One process
 * at a time. Filesystems that never write in place (btrfs, ZFS) may refuse that too.
 */
export function writeWithSpare(file: string, content: string): void {
  const spare = `${file}.spare`;
  const bytes = Buffer.from(content);
  try {
    writeAtomic(file, bytes);
  } catch (error) {
    if (!takesNothing(error) || sizeOf(spare) < bytes.length) throw error;
    fill(spare, bytes);
    fs.renameSync(spare, file);
  }
  keep(spare, bytes.length);
}

function fill(spare: string, bytes: Buffer): void {
  const fd = fs.openSync(spare, 'r+');
  try {
    fs.writeSync(fd, bytes, 0, bytes.length, 0);
    fs.ftruncateSync(fd, bytes.length);
    fs.fsyncSync(fd);
  } catch (error) {
    // A call on a descriptor says no path.
    throw Object.assign(error as Error, { path: spare });
  } finally {
    fs.closeSync(fd);
  }
}

/** Bytes that are written and not a hole: only those have blocks. */
function keep(spare: string, length: number): void {
  const missing = length - sizeOf(spare);
  if (missing <= 0) return;
  try {
    fs.appendFileSync(spare, Buffer.alloc(missing, '\n'), { mode: 0o600 });
  } catch (error) {
    if (!takesNothing(error)) throw error;
  }
}

const sizeOf = (file: string) => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
