import { type ErrorCode, errnoOf, MinidockError } from '../errors.ts';

/** What to do where a disk is full. */
export const freeSpace = 'free some space: `minidock rm`, `minidock image prune`';

const space = `${freeSpace}; or choose another disk with --root`;
interface Trouble {
  code: ErrorCode;
  what: string;
  fix: string;
}

const troubles: Record<string, Trouble> = {
  ENOSPC: { code: 'no-space', what: 'no space left on device', fix: space },
  EDQUOT: { code: 'no-space', what: 'disk quota exceeded', fix: space },
  EROFS: { code: 'read-only', what: 'read-only file system', fix: 'see why it is read-only: `dmesg | tail`' },
  EIO: { code: 'io-error', what: 'input/output error', fix: 'see what the disk says: `dmesg | tail`' },
  EMFILE: { code: 'too-many-files', what: 'too many open files', fix: 'raise the limit that `ulimit -n` shows' },
  ENFILE: {
    code: 'too-many-files',
    what: 'too many open files in system',
    fix: 'raise the limit that `sysctl fs.file-max` shows',
  },
  ENOMEM: { code: 'no-memory', what: 'cannot allocate memory', fix: 'free some memory: `free -m`' },
};

/** What an errno that is no defect of minidock means, and what to do about it. */
export function troubleOf(errno: string | undefined): Trouble | undefined {
  return troubles[errno ?? ''];
}

/**
 * Turns a system error that is no defect of minidock (a full disk, no memory) into one line with a remedy. Other errors
 * are returned as they are.
 */
export function explainTrouble(error: unknown): unknown {
  const trouble = troubleOf(errnoOf(error));
  if (trouble === undefined) return error;
  const { code, what, fix } = trouble;
  const { syscall, path } = error as NodeJS.ErrnoException;
  const call = [syscall, path && JSON.stringify(path)].filter(Boolean).join(' ');
  return new MinidockError(code, call === '' ? what : `${call}: ${what}`, { cause: error, fix });
}
