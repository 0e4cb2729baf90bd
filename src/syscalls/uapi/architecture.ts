import { MinidockError } from '../../errors.ts';
import type { Architecture } from './numbers.ts';

/** This machine's, of the two that the shim is written for. */
export function architecture(): Architecture {
  if (process.arch === 'x64' || process.arch === 'arm64') return process.arch;
  throw new MinidockError('architecture', `minidock runs on x64 and arm64, not on ${process.arch}`);
}
