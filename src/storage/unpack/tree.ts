import fs from 'node:fs';
import { errnoOf, MinidockError } from '../../errors.ts';
import { removeTree } from '../../state/remove-tree.ts';
import type { Step } from '../../syscalls/step.ts';
import { pathOf, readable } from '../bytes.ts';
import { isWelcome } from '../copy/attributes.ts';
import { nodeStep, opaqueStep, whiteoutStep, xattrStep } from '../special.ts';
import type { ByteString, TarEntry } from '../tar/header.ts';

/**
 * A directory of the tree being unpacked.
 *
 * Every directory in the tree was made by us and has such an object, so the objects *are* the answer to "is this path
 * really a directory of ours": whoever walks them never meets a link. Nobody else writes to the tree while it is unpacked
 * (it has a private name under a root of mode 0710, and one process holds its lock), so that answer cannot go stale
 * between the check and the use, and plain paths are as safe as openat2(RESOLVE_IN_ROOT).
 */
export class Directory {
  readonly path: ByteString;
  readonly parent: Directory | undefined;
  readonly children = new Map<ByteString, Directory>();
  /** Attributes of members that wait for the end; keyed by name, so that what replaces a member forgets them. */
  readonly pending = new Map<ByteString, TarEntry>();
  readonly whiteouts = new Set<ByteString>();
  opaque = false;
  /** From the archive. Undefined where a member merely lies in it. */
  entry: TarEntry | undefined;

  constructor(path: ByteString, parent?: Directory) {
    this.path = path;
    this.parent = parent;
  }

  join(name: ByteString): ByteString {
    return `${this.path}/${name}`;
  }
}

/** A place in the tree: the last name is not looked at. */
export interface Place {
  directory: Directory;
  name: ByteString;
}

/** As the kernel does (path_resolution(7)). */
const maxLinks = 40;

/**
 * Writes a tree under `root`, an existing empty directory, and never outside it: a path climbs no further than `root`,
 * and links on the way are followed inside it as they would be in the container.
 */
export class Tree {
  readonly root: Directory;

  constructor(root: ByteString) {
    this.root = new Directory(root);
  }

  /** Where a member goes; undefined for the root itself. Missing directories on the way are made. */
  locate(name: ByteString, what: string): Place | undefined {
    const parts = normalize(name, what);
    const last = parts.pop();
    return last === undefined ? undefined : { directory: this.#walk(parts, what), name: last };
  }

  /** Makes a directory, or takes the one that is there. */
  makeDirectory({ directory, name }: Place): Directory {
    const known = directory.children.get(name);
    if (known !== undefined) return known;
    const made = new Directory(directory.join(name), directory);
    this.make({ directory, name }, path => fs.mkdirSync(path, 0o700));
    directory.children.set(name, made);
    return made;
  }

  /** Creates something that must not exist yet, after removing what does. */
  make<T>({ directory, name }: Place, create: (path: string | Buffer) => T): T {
    const path = pathOf(directory.join(name));
    directory.pending.delete(name);
    try {
      return create(path);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    this.#remove({ directory, name });
    return create(path);
  }

  #remove({ directory, name }: Place): void {
    directory.children.delete(name);
    removeTree(pathOf(directory.join(name)));
  }

  /** The directory at these names, links followed inside the tree. */
  #walk(parts: readonly ByteString[], what: string): Directory {
    let here = this.root;
    let links = 0;
    const todo = parts.toReversed();
    for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
      if (name === '..') here = here.parent ?? here;
      if (name === '..' || name === '.' || name === '') continue;
      const child = here.children.get(name);
      if (child !== undefined) {
        here = child;
        continue;
      }
      const target = readLink(here.join(name));
      if (target === undefined) {
        here = this.#enter({ directory: here, name }, what);
        continue;
      }
      if (++links > maxLinks) throw refused(what, 'it lies behind too many symbolic links');
      if (target.startsWith('/')) here = this.root;
      todo.push(...target.split('/').toReversed());
    }
    return here;
  }

  #enter(place: Place, what: string): Directory {
    const made = new Directory(place.directory.join(place.name), place.directory);
    try {
      fs.mkdirSync(pathOf(made.path), 0o700);
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') throw refused(what, `${readable(place.name)} on its way is no directory`);
      throw error;
    }
    place.directory.children.set(place.name, made);
    return made;
  }

  /** Every directory, parents first. */
  *directories(): Generator<Directory> {
    const todo = [this.root];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      yield next;
      todo.push(...next.children.values());
    }
  }

  /**
   * What the native interpreter has to do, now that the tree no longer changes. Nodes were empty files until now, so that
   * later members met something in their place.
   */
  specialSteps(): Step[] {
    const steps: Step[] = [];
    for (const directory of this.directories()) {
      for (const [name, entry] of directory.pending) {
        if (!isNode(entry)) continue;
        fs.unlinkSync(pathOf(directory.join(name)));
        steps.push(nodeStep(directory.join(name), entry));
      }
      for (const name of directory.whiteouts) {
        // A directory in the layer's own right hides the lower one's content too; anything else hides it anyway.
        const own = directory.children.get(name);
        if (own !== undefined) own.opaque = true;
        else if (!exists(directory.join(name))) steps.push(whiteoutStep(directory.join(name)));
      }
    }
    for (const directory of this.directories()) {
      if (directory.opaque) steps.push(opaqueStep(directory.path));
    }
    return steps;
  }

  /** Extended attributes: last, because a change of owner or content drops capabilities. */
  xattrSteps(): Step[] {
    const steps: Step[] = [];
    const add = (path: ByteString, entry: TarEntry) => {
      for (const [name, value] of entry.xattrs) if (isWelcome(name)) steps.push(xattrStep(path, name, value));
    };
    for (const directory of this.directories()) {
      if (directory.entry !== undefined) add(directory.path, directory.entry);
      for (const [name, entry] of directory.pending) add(directory.join(name), entry);
    }
    return steps;
  }
}

export function isNode(entry: TarEntry): boolean {
  return entry.type === 'character' || entry.type === 'block' || entry.type === 'fifo';
}

/** A member's names without `.` and `..`, which never lead above the root. A leading slash means the root. */
function normalize(name: ByteString, what: string): ByteString[] {
  const parts: ByteString[] = [];
  for (const part of name.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) throw refused(what, 'it climbs out of the layer');
    } else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts;
}

export function refused(what: string, reason: string): MinidockError {
  return new MinidockError('hostile-layer', `${what} is refused: ${reason}`, {
    fix: 'the image is broken or hostile: do not use it',
  });
}

/** A symbolic link's target; undefined for anything else. */
function readLink(path: ByteString): ByteString | undefined {
  try {
    return fs.readlinkSync(pathOf(path), 'buffer').toString('latin1');
  } catch (error) {
    if (errnoOf(error) === 'EINVAL' || errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function exists(path: ByteString): boolean {
  return fs.lstatSync(pathOf(path), { throwIfNoEntry: false }) !== undefined;
}
