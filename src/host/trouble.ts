import { type ErrorCode, errnoOf, MinidockError } from '../errors.ts';

/** What to do where a disk is full. */
export const freeSpace = 'free some space: `minidock rm`, `minidock image prune`';

const space = `${freeSpace}; or choose another disk with --root`;
const troubles: Record<string, readonly [code: ErrorCode, what: string, fix: string]> = {
  ENOSPC: ['no-space', 'no space left on device', space],
  EDQUOT: ['no-space', 'disk quota exceeded', space],
  EROFS: ['read-only', 'read-only file system', 'see why it is read-only: `dmesg | tail`'],
  EIO: ['io-error', 'input/output error', 'see what the disk says: `dmesg | tail`'],
  EMFILE: ['too-many-files', 'too many open files', 'raise the limit that `ulimit -n` shows'],
  ENFILE: ['too-many-files', 'too many open files in system', 'raise the limit that `sysctl fs.file-max` shows'],
};

/**
 * Turns a system error that is no defect of minidock (a full disk, no memory) into one line with a remedy. Other errors
 * are returned as they are.
 */
export function explainTrouble(error: unknown): unknown {
  const trouble = troubles[errnoOf(error) ?? ''];
  if (trouble === undefined) return error;
  const [code, what, fix] = trouble;
  const { syscall, path } = error as NodeJS.ErrnoException;
  const call = [syscall, path && JSON.stringify(path)].filter(Boolean).join(' ');
  return new MinidockError(code, call === '' ? what : `${call}: ${what}`, { cause: error, fix });
}
