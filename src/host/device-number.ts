import fs from 'node:fs';
import { errnoOf, MinidockError } from '../errors.ts';

/** Numbers of the disk at a path: dev_t as Linux's `new_decode_dev` takes it apart. Throws `bad-limit`. */
export function diskNumber(path: string): { major: number; minor: number } {
  let stat: fs.Stats;
  try {
    stat = fs.statSync(path);
  } catch (error) {
    const reason = errnoOf(error) === 'ENOENT' ? 'no such file or directory' : String(errnoOf(error) ?? error);
    throw new MinidockError('bad-limit', `stat ${path}: ${reason}`, {
      fix: '`lsblk -p` lists the disks',
      cause: error,
    });
  }
  if (!stat.isBlockDevice())
    throw new MinidockError('bad-limit', `${path} is no block device`, { fix: '`lsblk -p` lists them' });
  return { major: (stat.rdev >> 8) & 0xfff, minor: (stat.rdev & 0xff) | ((stat.rdev >>> 12) & 0xfff00) };
}
