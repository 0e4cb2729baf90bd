import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../../errors.ts';
import { ensureDirectory } from '../../state/files.ts';

/**
 * Writes this process's id to a file. Resolves to what removes it. The file of a daemon that is dead is replaced.
 *
 * @throws {MinidockError} `conflict` where the file names a daemon that lives, `invalid-argument` where it cannot be written
 */
export function writePidfile(file: string): () => void {
  const before = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim() : '';
  if (/^\d+$/.test(before) && Number(before) !== process.pid && isDaemon(before))
    throw new MinidockError('conflict', `--pidfile ${file} names process ${before}, a daemon that lives`, {
      fix: 'stop it, or name another file',
    });
  try {
    ensureDirectory(path.dirname(file), 0o777);
    fs.writeFileSync(file, `${process.pid}\n`, { mode: 0o644 });
  } catch (error) {
    throw new MinidockError('invalid-argument', `--pidfile ${file}: ${(error as Error).message}`);
  }
  return () => fs.rmSync(file, { force: true });
}

/**
 * Whether the pid is a daemon's: after its end the pid may be given to another process. In `cmdline` NUL separates words
 * (proc(5)).
 */
function isDaemon(pid: string): boolean {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes('daemon');
  } catch {
    return false;
  }
}
