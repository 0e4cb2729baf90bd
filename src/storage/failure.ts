import { errnoOf, MinidockError } from '../errors.ts';
import { freeSpace, troubleOf } from '../host/trouble.ts';
import { byteString, readable } from './bytes.ts';

/** An error of the filesystem in one line; others pass through. Node's own message holds names of the image as they are. */
export function explainWrite(error: unknown, action: string): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new MinidockError('no-space', `no space left on device while ${action}`, {
      cause: error,
      fix: `${freeSpace}; or choose another disk with --root`,
    });
  }
  const { syscall, path } = error as NodeJS.ErrnoException;
  const call = syscall === undefined ? '' : `${syscall}${path === undefined ? '' : ` ${readable(byteString(path))}`}: `;
  const { what = errno, fix } = troubleOf(errno) ?? {};
  return new MinidockError('store-failed', `${action} failed: ${call}${what}`, { cause: error, fix });
}

/**
 * Whether the error is about a file and not about a connection: it names a path, or has an errno that only file systems
 * give.
 */
export function isFileError(error: unknown): boolean {
  const fromDisk = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EROFS'];
  return (error as NodeJS.ErrnoException).path !== undefined || fromDisk.includes(errnoOf(error) ?? '');
}
