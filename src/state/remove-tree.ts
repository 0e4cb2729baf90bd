import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, MinidockError } from '../errors.ts';
import { randomHex } from '../host/random.ts';
import { explainTrouble } from '../host/trouble.ts';

/** So many directories are open at once; a tree that is deeper is cut into pieces of this height. */
const maxDepth = 32;
/** A larger directory (st_size, bytes) is not read as a whole: a container may have made millions of files in it. */
const largeDirectory = 1 << 20;
const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;

/**
 * Removes a file or a directory with all that is in it; what is not there is no error. Whatever a container made of it: any
 * depth (a path of the kernel's ends at 4096 bytes, a tree does not), any names, any number of files, and no link is followed,
 * also where somebody puts one in a directory's place meanwhile. For that each directory is opened and its files are
 * named by its descriptor, /proc/self/fd/N/NAME, which is unlinkat(2) for a program that has only unlink(2).
 *
 * What cannot be removed does not keep the rest. Throws `cannot-remove` at the end, with the first reason.
 */
export function removeTree(target: string | Buffer): void {
  try {
    const left = removeEntry(target);
    if (left !== undefined) new Removal(target, left).run();
  } catch (error) {
    // Removed by somebody else meanwhile.
    if (errnoOf(error) === 'ENOENT') return;
    throw error instanceof MinidockError ? error : failure(target, error);
  }
}

/** Removes each; one that cannot be removed does not keep the others, and is left for the next time. Returns the reasons. */
export function removeTrees(targets: readonly string[]): MinidockError[] {
  return targets.flatMap(target => {
    try {
      removeTree(target);
      return [];
    } catch (error) {
      return [error as MinidockError];
    }
  });
}

/**
 * Removes what is no directory, or an empty one; returns a directory that is left. It is looked at first, since a refusal is an Error
 * with its stack, which takes ten times as long. Half of a container's directories are empty, and to look into one takes ten calls.
 */
function removeEntry(target: string | Buffer): fs.Stats | undefined {
  const seen = fs.lstatSync(target, { throwIfNoEntry: false });
  if (seen?.isDirectory()) return hasDirectories(seen) || !removeEmpty(target) ? seen : undefined;
  try {
    fs.unlinkSync(target);
  } catch (error) {
    // Somebody may have put one in its place.
    if (errnoOf(error) === 'EISDIR') return fs.lstatSync(target);
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  return undefined;
}

/** Each is one more link to it, its "..": so ext4, XFS and tmpfs count, while others say 1 of every directory. */
const hasDirectories = ({ nlink }: fs.Stats) => nlink > 2;

function removeEmpty(directory: string | Buffer): boolean {
  try {
    fs.rmdirSync(directory);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true;
    // What else keeps it is reported where it is looked into.
    return false;
  }
}

class Removal {
  readonly #target: string | Buffer;
  readonly #seen: fs.Stats;
  #top = -1;
  /** The number of calls that changed something: after a round without any, another round would not help. */
  #changes = 0;
  #failure: MinidockError | undefined;

  constructor(target: string | Buffer, seen: fs.Stats) {
    this.#target = target;
    this.#seen = seen;
  }

  /** Repeats in rounds: each round moves up trees that were too deep for it. */
  run(): void {
    for (let before = -1; before !== this.#changes; ) {
      before = this.#changes;
      this.#failure = undefined;
      if (this.#removeDirectory(this.#target, this.#seen, 0)) return;
    }
    throw this.#failure ?? failure(this.#target, { code: 'ENOTEMPTY' });
  }

  /** Whether it is gone. */
  #removeDirectory(directory: string | Buffer, seen: fs.Stats, depth: number): boolean {
    const fd = fs.openSync(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (depth === 0) this.#top = fd;
    try {
      for (const name of namesIn(fd, seen)) this.#attempt(fd, name, depth);
    } finally {
      fs.closeSync(fd);
    }
    return this.#done(() => fs.rmdirSync(directory), ['ENOTEMPTY', 'EEXIST']);
  }

  #attempt(fd: number, name: string, depth: number): void {
    const entry = inDirectory(fd, name);
    try {
      const left = removeEntry(entry);
      if (left === undefined) this.#changes++;
      else if (depth + 1 < maxDepth) this.#removeDirectory(entry, left, depth + 1);
      else this.#done(() => fs.renameSync(entry, inDirectory(this.#top, randomHex(8))), ['ENOSPC']);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') this.#changes++;
      else this.#failure ??= failure(entry, error);
    }
  }

  /** Whether the change was made; false where it has to wait for another round. */
  #done(change: () => void, waits: readonly string[]): boolean {
    try {
      change();
    } catch (error) {
      if (waits.includes(errnoOf(error) ?? '')) return false;
      throw error;
    }
    this.#changes++;
    return true;
  }
}

/** Names are bytes: latin1 keeps each. */
function namesIn(fd: number, { size }: fs.Stats): Iterable<string> {
  const self = `/proc/self/fd/${fd}`;
  return size < largeDirectory ? fs.readdirSync(self, 'latin1') : namesOneByOne(self);
}

function* namesOneByOne(self: string): Generator<string> {
  const directory = fs.opendirSync(self, { encoding: 'latin1', bufferSize: 1024 });
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) yield entry.name;
  } finally {
    directory.closeSync();
  }
}

/** Text where it is ASCII, which is quicker, else bytes. */
function inDirectory(fd: number, name: string): string | Buffer {
  const entry = `/proc/self/fd/${fd}/${name}`;
  return Buffer.byteLength(name) === name.length ? entry : Buffer.from(entry, 'latin1');
}

const fixes: Record<string, string> = {
  EPERM: 'see whether it is immutable: `lsattr`, then `chattr -i`',
  EBUSY: 'see what is mounted there: `findmnt`',
};

function failure(target: string | Buffer, error: unknown): MinidockError {
  const errno = errnoOf(error) ?? '';
  const trouble = explainTrouble(Object.assign(new Error(), { code: errno }));
  const { message, fix } =
    trouble instanceof MinidockError ? trouble : { message: errno || String(error), fix: fixes[errno] };
  const what = JSON.stringify(realName(target.toString()));
  return new MinidockError('cannot-remove', `cannot remove ${what}: ${message}`, { cause: error, ...(fix && { fix }) });
}

/** The path for an error message in place of the descriptor's name in /proc, unless it is longer than paths may be. */
function realName(target: string): string {
  const [, self, name] = /^(\/proc\/self\/fd\/\d+)\/(.*)$/s.exec(target) ?? [];
  if (self === undefined || name === undefined) return target;
  try {
    return path.join(fs.readlinkSync(self), name);
  } catch {
    return `…/${name}`;
  }
}
