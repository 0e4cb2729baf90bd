import fs from 'node:fs';
import { errnoOf } from '../errors.ts';

/** A file of /proc as text; undefined where the kernel has none, or its process is gone. Other errors are thrown. */
export function readProc(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
