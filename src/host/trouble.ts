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
  // Root is refused by a share that does not trust it, or by SELinux and AppArmor.
  EACCES: {
    code: 'no-permission',
    what: 'permission denied',
    fix: 'see what forbids it: `ls -ld`, `findmnt -T`, `dmesg | tail`',
  },
  EIO: { code: 'io-error', what: 'input/output error', fix: 'see what the disk says: `dmesg | tail`' },
  EMFILE: { code: 'too-many-files', what: 'too many open files', fix: 'raise the limit that `ulimit -n` shows' },
  ENFILE: {
    code: 'too-many-files',
    what: 'too many open files in system',
    fix: 'raise the limit that `sysctl fs.file-max` shows',
  },
  ENOMEM: { code: 'no-memory', what: 'cannot allocate memory', fix: 'free some memory: `free -m`' },
};

/** Where a process cannot be started. Elsewhere EAGAIN asks for patience. */
const noProcess: Trouble = {
  code: 'too-many-processes',
  what: 'the limit of processes is reached',
  fix: 'see `ulimit -u` and the pids cgroup',
};

/** What is a mount point is neither renamed nor removed (rename(2)). Elsewhere the errno says other things. */
const mounted: Trouble = {
  code: 'locked',
  what: 'device or resource busy',
  fix: 'see what is mounted there: `findmnt`',
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
  const { syscall: told, path } = (error ?? {}) as NodeJS.ErrnoException;
  // Where Node emits the error of a start, it adds the path here as well.
  const syscall = told?.split(' ')[0];
  const errno = errnoOf(error);
  const trouble =
    syscall === 'spawn' && errno === 'EAGAIN'
      ? noProcess
      : errno === 'EBUSY' && ['rename', 'unlink', 'rmdir'].includes(syscall ?? '') && path !== undefined
        ? mounted
        : troubleOf(errno);
  if (trouble === undefined) return error;
  const { code, what, fix } = trouble;
  const call = [syscall, path && JSON.stringify(path)].filter(Boolean).join(' ');
  return new MinidockError(code, call === '' ? what : `${call}: ${what}`, { cause: error, fix });
}
