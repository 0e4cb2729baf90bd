import fs from 'node:fs';
import { errnoOf, MinidockError } from '../../errors.ts';
import { removeTree } from '../../state/remove-tree.ts';
import type { Step } from '../../syscalls/step.ts';
import { readable } from '../bytes.ts';
import { decompress } from '../compression/decompress.ts';
import { isWelcome } from '../copy/attributes.ts';
import type { DiskGuard } from '../disk-guard.ts';
import { explainWrite } from '../failure.ts';
import { nodeStep, runSteps, xattrStep } from '../special.ts';
import { TarError } from '../tar/error.ts';
import type { ByteString, TarEntry } from '../tar/header.ts';
import { type TarHandler, TarReader } from '../tar/reader.ts';
import { pathIn, type Scope } from './scope.ts';

/** Where the members of an archive go. */
export interface Unpacking {
  scope: Scope;
  /** The directory that their names begin at. It exists. */
  at: readonly ByteString[];
  /** What a member is called here; undefined leaves it out. */
  rename?: (name: ByteString) => ByteString | undefined;
  /** Owner of everything; `archive` is each member's own, `caller` whoever runs this. */
  owner: 'archive' | 'caller' | { uid: number; gid: number };
  /** Links of directories on a member's way are followed within the scope; else such a member is refused. */
  followsLinks: boolean;
  /** A directory gives way to what is none, and the other way round; else such a member is refused. */
  replaces?: boolean;
  /** Steps that make the scope's directory the root of whoever makes devices and extended attributes; none: neither is made. */
  enter?: readonly Step[];
  guard?: DiskGuard;
  /** Told of what is left out. */
  leavesOut?: (name: ByteString, what: string) => void;
}

/** Bytes that are looked through for holes at once. */
const zeros = Buffer.alloc(1 << 16);

/**
 * Unpacks an archive over what is there, as `docker cp` does: a directory is merged with one, anything else is replaced, but
 * unless `replaces` says so neither a directory by a file nor the other way round. Every name is reached through the scope, so that neither the archive
 * nor who changes the tree meanwhile leads it elsewhere. Blocks of zeros become holes.
 *
 * Throws `MinidockError`: `hostile-archive`, `cannot-overwrite`, `no-such-file`, `file-changed`, `no-space`, `corrupt-archive`.
 *
 * @param source compressed or not
 */
export async function unpackArchive(to: Unpacking, source: AsyncIterable<Buffer>): Promise<void> {
  const unpacker = new ScopeUnpacker(to);
  const reader = new TarReader(unpacker);
  try {
    for await (const chunk of decompress(source, 'the archive')) reader.write(chunk);
    reader.finish();
    await unpacker.finish();
  } catch (error) {
    if (error instanceof TarError)
      throw new MinidockError('corrupt-archive', `the archive is no valid tar archive: ${error.message}`, {
        cause: error,
      });
    throw explainWrite(error, 'copying files');
  } finally {
    unpacker.close();
  }
}

class ScopeUnpacker implements TarHandler {
  readonly #to: Unpacking;
  #open: { fd: number; names: readonly ByteString[] } | undefined;
  readonly #directories: { names: readonly ByteString[]; entry: TarEntry }[] = [];
  readonly #attributed: { names: readonly ByteString[]; entry: TarEntry }[] = [];
  readonly #nodes: { names: readonly ByteString[]; entry: TarEntry }[] = [];

  constructor(to: Unpacking) {
    this.#to = to;
  }

  entry(entry: TarEntry): void {
    const names = this.#placeOf(entry.name);
    if (names === undefined) return;
    this.#to.guard?.count(0, 1);
    const isTop = names.length === this.#to.at.length;
    if (isTop && entry.type !== 'directory') throw hostile(entry.name, 'it stands for the directory itself');
    if (!isTop || this.#to.scope.look(names) === undefined) this.#clear(names, entry);
    switch (entry.type) {
      case 'directory':
        // The directory that is copied to keeps what it is.
        if (!isTop) this.#makeDirectory(names, entry);
        return;
      case 'file':
        this.#open = { fd: fs.openSync(this.#to.scope.path(names), createNew, 0o600), names };
        return;
      case 'symlink':
        fs.symlinkSync(Buffer.from(entry.target, 'latin1'), this.#to.scope.path(names));
        this.#own(entry, (uid, gid) => fs.lchownSync(this.#to.scope.path(names), uid, gid));
        fs.lutimesSync(this.#to.scope.path(names), entry.mtime, entry.mtime);
        return;
      case 'link':
        this.#link(names, entry);
        return;
      default:
        if (this.#to.enter === undefined) this.#to.leavesOut?.(entry.name, `a ${entry.type}`);
        else this.#nodes.push({ names, entry });
    }
  }

  data(chunk: Buffer, position: number): void {
    if (this.#open === undefined) return;
    this.#to.guard?.count(chunk.length);
    const { fd } = this.#open;
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + zeros.length);
      const isHole = part.equals(zeros.subarray(0, part.length));
      at += isHole ? part.length : fs.writeSync(fd, part, 0, part.length, position + at);
    }
  }

  end(entry: TarEntry): void {
    if (this.#open === undefined) return;
    const { fd, names } = this.#open;
    try {
      fs.ftruncateSync(fd, entry.size);
      // Owner before mode: chown(2) clears set-user-ID.
      this.#own(entry, (uid, gid) => fs.fchownSync(fd, uid, gid));
      fs.fchmodSync(fd, this.#modeOf(entry));
      fs.futimesSync(fd, entry.mtime, entry.mtime);
    } finally {
      this.close();
    }
    if (entry.xattrs.size > 0) this.#attributed.push({ names, entry });
  }

  /** Devices, attributes, and what directories are like: everything in them changes their times. */
  async finish(): Promise<void> {
    const { enter, scope } = this.#to;
    if (enter !== undefined) {
      await this.#run(this.#nodes.map(({ names, entry }) => nodeStep(pathIn(names), entry)));
      for (const { names, entry } of this.#nodes) this.#settle(names, entry);
      await this.#run(
        [...this.#attributed, ...this.#directories].flatMap(({ names, entry }) =>
          [...entry.xattrs]
            .filter(([name]) => isWelcome(name))
            .map(([name, value]) => xattrStep(pathIn(names), name, value)),
        ),
      );
    }
    for (const { names, entry } of this.#directories.toReversed())
      if (scope.look(names)?.isDirectory()) this.#settle(names, entry);
  }

  /** To be called also after a failure. */
  close(): void {
    if (this.#open !== undefined) fs.closeSync(this.#open.fd);
    this.#open = undefined;
  }

  async #run(steps: readonly Step[]): Promise<void> {
    if (steps.length > 0) await runSteps(steps, this.#to.enter);
  }

  /** Names from the root of the scope, the directories on the way made where they are missing. */
  #placeOf(given: ByteString): readonly ByteString[] | undefined {
    const name = this.#to.rename === undefined ? given : this.#to.rename(given);
    if (name === undefined) return undefined;
    const parts = name.split('/').filter(part => part !== '' && part !== '.');
    if (parts.includes('..')) throw hostile(given, 'its name climbs out');
    const last = parts.pop();
    if (last === undefined) return this.#to.at;
    return [...this.#parent(parts, given), last];
  }

  #parent(parts: readonly ByteString[], given: ByteString): readonly ByteString[] {
    const { scope, followsLinks } = this.#to;
    let names = this.#to.at;
    for (const part of parts) {
      const inner = [...names, part];
      const stats = scope.look(inner);
      if (stats === undefined) {
        fs.mkdirSync(scope.path(inner), 0o755);
        names = inner;
      } else if (stats.isDirectory()) names = inner;
      else if (stats.isSymbolicLink() && followsLinks) {
        const found = scope.locate(pathIn(inner), { followLast: true });
        if (!found.stats?.isDirectory()) throw hostile(given, `${readable(part)} on its way is no directory`);
        names = found.names;
      } else throw hostile(given, `${readable(part)} on its way is no directory`);
    }
    return names;
  }

  #clear(names: readonly ByteString[], entry: TarEntry): void {
    const { scope } = this.#to;
    const there = scope.look(names);
    if (there === undefined) return;
    const shown = readable(pathIn(names));
    if (this.#to.replaces && there.isDirectory() !== (entry.type === 'directory')) {
      this.#expectNoMount(names);
      removeTree(scope.path(names));
      return;
    }
    if (there.isDirectory() && entry.type !== 'directory')
      throw new MinidockError(
        'cannot-overwrite',
        `cannot overwrite directory ${shown} with non-directory ${readable(entry.name)}`,
      );
    if (!there.isDirectory() && entry.type === 'directory')
      throw new MinidockError(
        'cannot-overwrite',
        `cannot overwrite non-directory ${shown} with directory ${readable(entry.name)}`,
      );
    if (there.isDirectory()) return;
    this.#expectNoMount(names);
    removeTree(scope.path(names));
  }

  #expectNoMount(names: readonly ByteString[]): void {
    if (!this.#to.scope.isMounted(names)) return;
    throw new MinidockError(
      'cannot-overwrite',
      `cannot replace ${readable(pathIn(names))}: device or resource busy, since something is mounted there`,
      { fix: 'write to what is mounted: on the host, or with `minidock exec -i`' },
    );
  }

  #makeDirectory(names: readonly ByteString[], entry: TarEntry): void {
    try {
      fs.mkdirSync(this.#to.scope.path(names), 0o700);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    this.#directories.push({ names, entry });
  }

  #link(names: readonly ByteString[], entry: TarEntry): void {
    const { scope } = this.#to;
    const source = this.#placeOf(entry.target);
    if (source === undefined) throw hostile(entry.name, 'it is a link to what is not copied');
    // The two paths of one call: that of the source by a descriptor that stays open.
    const held = fs.openSync(scope.path(source), O_PATH | fs.constants.O_NOFOLLOW);
    try {
      if (fs.fstatSync(held).isDirectory()) throw hostile(entry.name, 'it is a link to a directory');
      const other = scope.path(source.slice(0, -1));
      const directory = fs.openSync(other, O_PATH | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW);
      try {
        const name = Buffer.from(`/proc/self/fd/${directory}/${source.at(-1)}`, 'latin1');
        fs.linkSync(name, scope.path(names));
      } finally {
        fs.closeSync(directory);
      }
    } finally {
      fs.closeSync(held);
    }
  }

  /** Owner, mode and times of what is no file, which a container may have replaced by a link: no link is followed. */
  #settle(names: readonly ByteString[], entry: TarEntry): void {
    const held = fs.openSync(this.#to.scope.path(names), O_PATH | fs.constants.O_NOFOLLOW);
    try {
      if (fs.fstatSync(held).isSymbolicLink()) return;
      const path = `/proc/self/fd/${held}`;
      this.#own(entry, (uid, gid) => fs.chownSync(path, uid, gid));
      fs.chmodSync(path, this.#modeOf(entry));
      fs.utimesSync(path, entry.mtime, entry.mtime);
    } finally {
      fs.closeSync(held);
    }
  }

  /** What a container says is set-user-ID of root would be root's on the host. */
  #modeOf({ mode }: TarEntry): number {
    return this.#to.owner === 'caller' ? mode & 0o1777 : mode & 0o7777;
  }

  #own(entry: TarEntry, chown: (uid: number, gid: number) => void): void {
    const { owner } = this.#to;
    if (owner === 'caller') return;
    const { uid, gid } = owner === 'archive' ? entry : owner;
    chown(uid, gid);
  }
}

const O_PATH = 0o10000000;
const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
const createNew = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;

function hostile(name: ByteString, reason: string): MinidockError {
  return new MinidockError('hostile-archive', `${readable(name)} in the archive is refused: ${reason}`);
}
