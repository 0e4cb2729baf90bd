import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, MinidockError } from '../errors.ts';
import { ensureDirectory } from './files.ts';
import { enginePaths, type Roots } from './paths.ts';
import { asidePrefix } from './set-aside.ts';

/** Docker's mode for its root: whatever set-uid program a container leaves below, no user of the host gets there. */
const mode = 0o710;

/** What may lead through the exec root, where the API's socket lies: those who may use that. All else in it is root's alone. */
const execRootMode = 0o711;

/**
 * Makes a directory that nobody but root may enter, or shuts one that is there: a narrower mode stays. One stat(2) where all is
 * well. Directories above it that are missing are made as mkdir(1) makes them.
 */
export function privateDirectory(directory: string, most = mode): string {
  if (shut(directory, most)) return directory;
  ensureDirectory(path.dirname(directory), 0o777);
  try {
    fs.mkdirSync(directory, { mode });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  // Below a directory with the set-group-ID bit it got that directory's group.
  shut(directory, most);
  return directory;
}

/** Shuts a directory that is there; returns whether it is. */
export function shut(directory: string, most = mode): boolean {
  const stats = fs.statSync(directory, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  // Owner before mode: until it is root's, whoever owned it could open it again.
  if (!isOurs(stats)) fs.chownSync(directory, 0, 0);
  if ((stats.mode & 0o7777 & ~most) !== 0) fs.chmodSync(directory, most);
  return true;
}

/** Lets others pass through the exec root, to the API's socket. They cannot look what is in it. */
export function openExecRoot(execRoot: string): void {
  privateDirectory(execRoot, execRootMode);
  fs.chmodSync(execRoot, execRootMode);
}

/** Unit tests and lessons also run without root, and own what they make. */
function isOurs({ uid, gid }: fs.Stats): boolean {
  return (uid === 0 && gid === 0) || process.geteuid?.() !== 0;
}

/** What an engine has in its roots, or a killed command left beside it; of a container its run directory, by its short id. */
function isEngines(entry: string, { root, execRoot }: Roots): boolean {
  const file = entry.replace(/(\.\d+\.(tmp|[0-9a-f]{8}))$/, '');
  if (path.basename(file).startsWith(asidePrefix)) return true;
  const others = ['images', 'networks', 'engine-id', 'lost+found'].map(name => `${root}/${name}`);
  if ([...Object.values(enginePaths({ root, execRoot })), ...others].includes(file)) return true;
  return path.dirname(file) === execRoot && /^[0-9a-f]{12}$/.test(path.basename(file));
}

/**
 * Both roots, made or shut (CVE-2021-41091). A directory that is open to others and holds anything but an engine's, like /tmp, is
 * refused: its other users would be shut out. One familiar name proves nothing: /etc has a `containers` too. Throws
 * `invalid-root`.
 */
export function secureRoots(roots: Roots): void {
  secureRoot(roots.root);
  secure(roots.execRoot, 'exec-root', roots, execRootMode);
}

/** As `secureRoots`, for what works with images alone. */
export function secureRoot(root: string): void {
  secure(root, 'root', { root, execRoot: '' });
}

function secure(directory: string, flag: string, roots: Roots, most = mode): void {
  try {
    shutOrMake(directory, flag, roots, most);
  } catch (error) {
    const reason = unusable[errnoOf(error) ?? ''];
    if (reason === undefined) throw error;
    throw new MinidockError('invalid-root', `cannot take ${directory} as --${flag}: ${reason}`, {
      fix: `name a directory with --${flag} on a disk that can be written`,
      cause: error,
    });
  }
}

const unusable: Record<string, string> = {
  EACCES: 'it cannot be made there',
  EEXIST: 'it is no directory',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'a part of it is longer than a file name may be',
  ENOENT: 'it cannot be made there',
  ENOTDIR: 'a part of it is no directory',
  EPERM: 'it cannot be made there',
  EROFS: 'the file system there is read-only',
};

function shutOrMake(directory: string, flag: string, roots: Roots, most: number): void {
  const stats = fs.statSync(directory, { throwIfNoEntry: false });
  if (stats !== undefined && (stats.mode & 0o7777 & ~most) === 0 && isOurs(stats)) return;
  if (stats !== undefined) {
    const other = fs.readdirSync(directory).find(name => !isEngines(path.join(directory, name), roots));
    if (other !== undefined)
      throw new MinidockError(
        'invalid-root',
        `cannot take ${directory} as --${flag}: it holds ${other}, and nobody but root could enter it any more`,
        { fix: `name a directory with --${flag} that is empty or does not exist, or shut this one: chmod 0710` },
      );
  }
  // Wider than `most`, or another user's: nobody passes until a daemon opens it again.
  privateDirectory(directory);
}
