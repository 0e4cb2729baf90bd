import fs from 'node:fs';
import { pathOf } from '../bytes.ts';
import type { DiskGuard } from '../disk-guard.ts';
import { openRegular, type Part } from '../merged-view.ts';
import type { ByteString } from '../tar/header.ts';
import type { SparseMap } from '../tar/sparse.ts';
import { readExtents } from './extents.ts';

const { COPYFILE_EXCL, COPYFILE_FICLONE, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
const chunkSize = 1 << 20;

/** A file to be copied: `to` does not exist yet. */
export interface FileCopy {
  from: Part;
  to: ByteString;
  stats: fs.Stats;
}

/** Whether the file takes less of the disk than its size. */
export const isSparse = ({ size, blocks }: fs.Stats) => blocks < Math.ceil(size / 512);

/** Copies a file's content in the kernel, without a second copy on disk where the file system can share blocks. */
export function copyWhole({ from, to, stats }: FileCopy, guard: DiskGuard): void {
  guard.count(stats.size, 1);
  const fd = openRegular(from);
  try {
    fs.copyFileSync(`/proc/self/fd/${fd}`, pathOf(to), COPYFILE_EXCL | COPYFILE_FICLONE);
  } finally {
    fs.closeSync(fd);
  }
}

/** Copies the data of files and keeps their holes. */
export async function copySparse(files: readonly FileCopy[], guard: DiskGuard): Promise<void> {
  const maps = await readExtents(files.map(({ from, stats }) => ({ path: from.host, size: stats.size })));
  for (const [i, file] of files.entries()) copyRanges(file, maps[i]!, guard);
}

function copyRanges({ from, to, stats }: FileCopy, map: SparseMap, guard: DiskGuard): void {
  const handle = openRegular(from);
  const source = fs.openSync(`/proc/self/fd/${handle}`, 'r');
  const target = fs.openSync(pathOf(to), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    const buffer = Buffer.allocUnsafe(Math.min(chunkSize, Math.max(0, ...map.map(({ length }) => length))));
    guard.count(0, 1);
    for (const { offset, length } of map) {
      for (let done = 0; done < length; ) {
        const read = fs.readSync(source, buffer, 0, Math.min(buffer.length, length - done), offset + done);
        // The file was truncated meanwhile: the rest stays a hole.
        if (read === 0) break;
        guard.count(read);
        for (let at = 0; at < read; ) at += fs.writeSync(target, buffer, at, read - at, offset + done + at);
        done += read;
      }
    }
    fs.ftruncateSync(target, stats.size);
  } finally {
    for (const fd of [handle, source, target]) fs.closeSync(fd);
  }
}
