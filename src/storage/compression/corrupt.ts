import { MinidockError } from '../../errors.ts';
import type { Compression } from './formats.ts';

/** The stream is broken: cut off, or not what its first bytes say. */
export function corrupt(name: string, compression: Compression, reason: string, cause?: unknown): MinidockError {
  return new MinidockError('corrupt-data', `${name} is no valid ${compression}: ${reason}`, { cause });
}
