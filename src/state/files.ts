import fs from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../errors.ts';

/**
 * Replaces `file` by `content` so that a reader, or a crash at any moment, sees the old content or the new one and
 * nothing between: temporary file beside it, fsync, rename. The directory is not synced: after a power cut the old
 * content may be back, which every caller can live with.
 */
export function writeAtomic(file: string, content: string | Uint8Array, mode = 0o600): void {
  const temporary = `${file}.${process.pid}.tmp`;
  const fd = fs.openSync(temporary, 'w', mode);
  try {
    fs.writeFileSync(fd, content);
    fs.fsyncSync(fd);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    // A call on a descriptor says no path.
    throw Object.assign(error as Error, { path: file });
  } finally {
    fs.closeSync(fd);
  }
  fs.renameSync(temporary, file);
}

/** As `writeAtomic` without the fsync, for files that are worthless after a reboot, under the exec root. */
export function writeVolatile(file: string, content: string | Uint8Array, mode = 0o600): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    // Where the encoding is said, Node opens, writes and closes in one call of its own.
    fs.writeFileSync(temporary, content, { mode, encoding: 'utf8' });
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
  fs.renameSync(temporary, file);
}

/** What processes that were killed within `writeAtomic` or `writeVolatile` left in this directory: the names end with a pid. */
export function deadTemporaries(directory: string): string[] {
  const isDead = (name: string) => {
    const [, pid] = /\.(\d+)\.tmp$/.exec(name) ?? [];
    return pid !== undefined && !fs.existsSync(`/proc/${pid}`);
  };
  return listIfPresent(directory)
    .filter(isDead)
    .map(name => path.join(directory, name));
}

/** Whether the error says that a file system takes no new data: it is full, over its quota or read-only. */
export function takesNothing(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EROFS'].includes(errnoOf(error) ?? '');
}

/** A file's text, or undefined where there is none. Other errors are thrown. */
export function readIfPresent(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** What a file of JSON says; undefined where there is none, or where it was cut off. */
export function parseJson<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

/** A symlink's target, or undefined where there is none. */
export function readLinkIfPresent(file: string): string | undefined {
  try {
    return fs.readlinkSync(file);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'EINVAL') return undefined;
    throw error;
  }
}

/** Names in a directory; none where it does not exist. */
export function listIfPresent(directory: string): string[] {
  try {
    return fs.readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Like `mkdir -p`, with the mode for what is made. Node's own recursive mkdir never ends where the kernel answers ENOENT to a
 * directory whose parent is there, as /proc does.
 */
export function ensureDirectory(directory: string, mode = 0o710): string {
  try {
    makeOne(directory, mode);
  } catch (error) {
    const parent = path.dirname(directory);
    if (errnoOf(error) !== 'ENOENT' || parent === directory) throw error;
    ensureDirectory(parent, mode);
    makeOne(directory, mode);
  }
  return directory;
}

function makeOne(directory: string, mode: number): void {
  try {
    fs.mkdirSync(directory, { mode });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST' || !fs.statSync(directory).isDirectory()) throw error;
  }
}
