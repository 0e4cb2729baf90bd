import { MinidockError } from '../../errors.ts';

/** The archive is broken: cut off, or not what it says it is. The reason is a clause that begins with "it". */
export function corruptArchive(reason: string, cause?: unknown): MinidockError {
  return new MinidockError('corrupt-archive', `the archive cannot be loaded: ${reason}`, {
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The archive is hostile: no tool writes one like it by mistake. */
export function hostileArchive(reason: string): MinidockError {
  return new MinidockError('hostile-archive', `the archive is refused: ${reason}`, {
    fix: 'do not use archives whose maker you do not trust',
  });
}
