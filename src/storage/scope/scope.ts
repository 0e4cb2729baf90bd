import fs from 'node:fs';
import { errnoOf, MinidockError } from '../../errors.ts';
import { pathOf, readable } from '../bytes.ts';
import type { ByteString } from '../tar/header.ts';

const O_PATH = 0o10000000;
const { O_NOFOLLOW, O_DIRECTORY } = fs.constants;
/** As the kernel does (path_resolution(7)). */
const maxLinks = 40;

/** Where a path ends inside a scope, by names of which none is a link or `..`. */
export interface Located {
  names: readonly ByteString[];
  /** Of what is there, by lstat; undefined where nothing is. */
  stats: fs.Stats | undefined;
}

/**
 * A directory of which no path leads out, while others change what is in it: a container that runs, say. Each name is opened by
 * itself, from the descriptor of the directory before it, and followed by nothing; links are read and followed by us, with this
 * directory as their root, and `..` goes back to a name that we came from. The kernel is never given a path of more than one
 * name, so no link that is put somewhere at the wrong moment takes it elsewhere (CVE-2018-15664).
 *
 * It is openat(2) for a program that has only open(2): /proc/self/fd/N/NAME.
 */
export class Scope {
  readonly #root: number;
  /** The directory that was used last and those on the way to it, held open. */
  readonly #held: { name: ByteString; fd: number }[] = [];

  /** @param directory its own path is the caller's, and followed */
  constructor(directory: string) {
    this.#root = fs.openSync(directory, O_PATH | O_DIRECTORY);
  }

  close(): void {
    this.#letGo(0);
    fs.closeSync(this.#root);
  }

  /**
   * Follows a path from the root of the scope. What lies behind something missing is refused with `no-such-file`, as is what lies
   * behind a file.
   *
   * @throws {MinidockError} `no-such-file`, `too-many-links`, `file-changed`
   */
  locate(path: ByteString, { followLast }: { followLast: boolean }): Located {
    const names: ByteString[] = [];
    const todo = path.split('/').toReversed();
    let stats: fs.Stats | undefined = this.look([]);
    for (let links = 0, name = todo.pop(); name !== undefined; name = todo.pop()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        names.pop();
        stats = this.look(names);
        continue;
      }
      if (!stats?.isDirectory()) throw missing(names);
      const isLast = todo.every(rest => rest === '' || rest === '.');
      stats = this.look([...names, name]);
      if (stats?.isSymbolicLink() && !(isLast && !followLast)) {
        if (++links > maxLinks) throw tooManyLinks(path);
        const link = this.readLink([...names, name]);
        if (link === undefined) todo.push(name);
        else {
          if (link.startsWith('/')) names.length = 0;
          todo.push(...link.split('/').toReversed());
        }
        stats = this.look(names);
        continue;
      }
      names.push(name);
    }
    return { names, stats };
  }

  /** lstat(2); undefined where nothing is. */
  look(names: readonly ByteString[]): fs.Stats | undefined {
    if (names.length === 0) return fs.fstatSync(this.#root);
    return fs.lstatSync(this.path(names), { throwIfNoEntry: false });
  }

  /** Undefined where it has stopped being a link. */
  readLink(names: readonly ByteString[]): ByteString | undefined {
    try {
      return fs.readlinkSync(this.path(names), 'latin1');
    } catch (error) {
      if (errnoOf(error) === 'EINVAL' || errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** The names in a directory, sorted by their bytes. */
  list(names: readonly ByteString[]): ByteString[] {
    return fs.readdirSync(`/proc/self/fd/${this.#directory(names)}`, 'latin1').sort();
  }

  /**
   * A path for one call of the kernel that follows no last name. Good until the next call of this scope.
   *
   * @throws {MinidockError} `file-changed` where a name on the way is no directory
   */
  path(names: readonly ByteString[]): string | Buffer {
    const name = names.at(-1);
    // With the dot it is the directory, and not a link of /proc to it.
    if (name === undefined) return `/proc/self/fd/${this.#root}/.`;
    return pathOf(`/proc/self/fd/${this.#directory(names.slice(0, -1))}/${name}`);
  }

  /** Opens a regular file for reading; undefined for anything else. No FIFO stalls us, no device is touched. */
  openFile(names: readonly ByteString[]): number | undefined {
    const held = fs.openSync(this.path(names), O_PATH | O_NOFOLLOW);
    try {
      return fs.fstatSync(held).isFile() ? fs.openSync(`/proc/self/fd/${held}`, 'r') : undefined;
    } finally {
      fs.closeSync(held);
    }
  }

  /**
   * Whether something is mounted at a name that is there. The kernel would remove that name at once for whoever is in another mount
   * namespace, and take the mount away everywhere (rename(2), EBUSY; Linux 3.18). Unknown, and false, before Linux 3.15.
   */
  isMounted(names: readonly ByteString[]): boolean {
    const held = fs.openSync(this.path(names), O_PATH | O_NOFOLLOW);
    try {
      return mountOf(held) !== mountOf(this.#directory(names.slice(0, -1)));
    } finally {
      fs.closeSync(held);
    }
  }

  #directory(names: readonly ByteString[]): number {
    let same = 0;
    while (same < this.#held.length && this.#held[same]!.name === names[same]) same++;
    this.#letGo(same);
    for (const name of names.slice(same)) this.#held.push({ name, fd: this.#enter(name, names) });
    return this.#held.at(-1)?.fd ?? this.#root;
  }

  #enter(name: ByteString, names: readonly ByteString[]): number {
    const above = this.#held.at(-1)?.fd ?? this.#root;
    try {
      return fs.openSync(pathOf(`/proc/self/fd/${above}/${name}`), O_PATH | O_NOFOLLOW | O_DIRECTORY);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) throw changed(names, error);
      throw error;
    }
  }

  #letGo(from: number): void {
    for (const { fd } of this.#held.splice(from)) fs.closeSync(fd);
  }
}

/** The number of the mount that a descriptor is of (proc_pid_fdinfo(5)). */
const mountOf = (fd: number): string | undefined =>
  /^mnt_id:\s*(\d+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];

/** As a path from the root of the scope. */
export const pathIn = (names: readonly ByteString[]): ByteString => `/${names.join('/')}`;

function missing(names: readonly ByteString[]): MinidockError {
  return new MinidockError('no-such-file', `no such directory: ${readable(pathIn(names))}`);
}

function changed(names: readonly ByteString[], cause: unknown): MinidockError {
  return new MinidockError('file-changed', `${readable(pathIn(names))} was replaced while it was copied`, {
    fix: 'run the command again',
    cause,
  });
}

function tooManyLinks(path: ByteString): MinidockError {
  return new MinidockError('too-many-links', `too many symbolic links on the way to ${readable(path)}`);
}
