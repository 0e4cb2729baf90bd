import fs from 'node:fs';
import { errnoOf, MinidockError } from '../../errors.ts';
import { byteString, jsonPath, pathOf, readable } from '../bytes.ts';
import { explainWrite } from '../failure.ts';
import { runSteps } from '../special.ts';
import { TarError } from '../tar/error.ts';
import type { ByteString, TarEntry } from '../tar/header.ts';
import { type TarHandler, TarReader } from '../tar/reader.ts';
import { type Directory, isNode, type Place, refused, Tree } from './tree.ts';

const whiteoutPrefix = '.wh.';
const opaqueMarker = '.wh..wh..opq';
/** AUFS's own files, which old images still carry. */
const metadataPrefix = '.wh..wh.';
const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
const maxId = 0xffff_fffe;

/** Attributes of a directory in the layers below, for one that a layer holds files in but does not describe. */
export interface Inherited {
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
}

/**
 * Unpacks a layer's tar into `directory`, which exists and is empty, as overlayfs wants it (OCI image-spec layer.md):
 * `.wh.x` becomes a character device 0:0 named x, `.wh..wh..opq` an opaque directory. Members that climb out are refused;
 * links are written as they are and never followed out of the directory.
 *
 * `write` and `finish` throw `MinidockError`: `hostile-layer`, `corrupt-layer`, `no-space`. The caller removes the
 * directory then.
 */
export class Unpacker implements TarHandler {
  readonly #tree: Tree;
  readonly #reader = new TarReader(this);
  readonly #name: string;
  #fd = -1;
  #written = 0;
  /** Bytes of all regular files, hard links counted once, and of what symbolic links say: as `du --apparent-size` counts. */
  size = 0;
  /** Whether a member has extended attributes; known after `finish`. */
  hasAttributes = false;

  /** `name` stands for the layer in errors: `layer sha256:…`. */
  constructor(directory: string, name: string) {
    this.#tree = new Tree(byteString(directory));
    this.#name = name;
  }

  write(chunk: Buffer): void {
    this.#guard(() => this.#reader.write(chunk));
  }

  /**
   * Ends the archive: makes what only the native interpreter can, then sets owners, modes and times of directories.
   * `inherited` is asked for a directory that the layer does not describe, by its path inside the layer.
   */
  async finish(inherited: (path: ByteString) => Inherited | undefined): Promise<void> {
    this.#guard(() => this.#reader.finish());
    const specials = this.#guard(() => this.#tree.specialSteps());
    await this.#run(specials);
    this.#guard(() => this.#setAttributes(inherited));
    const attributes = this.#tree.xattrSteps();
    this.hasAttributes = attributes.length > 0;
    await this.#run(attributes);
  }

  /** How many members were unpacked. */
  get entries(): number {
    return this.#reader.entries;
  }

  /** Opaque directories, as paths from the root; complete after `finish`. */
  get opaque(): string[] {
    const rootLength = this.#tree.root.path.length;
    return [...this.#tree.directories()]
      .filter(({ opaque }) => opaque)
      .map(directory => jsonPath(pathFrom(directory, rootLength)));
  }

  /** Closes what a failure left open. */
  close(): void {
    if (this.#fd !== -1) fs.closeSync(this.#fd);
    this.#fd = -1;
  }

  entry(entry: TarEntry): void {
    const what = `${readable(entry.name)} in ${this.#name}`;
    checkIds(entry, what);
    const place = this.#tree.locate(entry.name, what);
    if (place === undefined) {
      if (entry.type !== 'directory') throw refused(what, `the layer's root is a ${entry.type}`);
      this.#tree.root.entry = entry;
    } else if (place.name.startsWith(whiteoutPrefix)) this.#whiteout(place, what);
    else this.#create(place, entry, what);
  }

  data(chunk: Buffer, position: number): void {
    if (this.#fd === -1) return;
    for (let at = 0; at < chunk.length; ) {
      at += fs.writeSync(this.#fd, chunk, at, chunk.length - at, position + at);
    }
    this.#written = position + chunk.length;
  }

  end(entry: TarEntry): void {
    if (this.#fd === -1) return;
    const fd = this.#fd;
    // A sparse file may end in a hole.
    if (this.#written < entry.size) fs.ftruncateSync(fd, entry.size);
    this.size += entry.size;
    // Owner before mode: chown(2) clears setuid. We are root, so 0:0 is what the file has.
    if (entry.uid !== 0 || entry.gid !== 0) fs.fchownSync(fd, entry.uid, entry.gid);
    fs.fchmodSync(fd, entry.mode);
    fs.futimesSync(fd, entry.mtime, entry.mtime);
    this.#fd = -1;
    fs.closeSync(fd);
  }

  #create(place: Place, entry: TarEntry, what: string): void {
    const { directory, name } = place;
    switch (entry.type) {
      case 'file':
        this.#fd = this.#tree.make(place, path => fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600));
        this.#written = 0;
        if (entry.xattrs.size > 0) directory.pending.set(name, entry);
        return;
      case 'directory':
        this.#tree.makeDirectory(place).entry = entry;
        return;
      case 'symlink':
        this.#tree.make(place, path => fs.symlinkSync(pathOf(entry.target), path));
        this.size += entry.target.length;
        if (entry.uid !== 0 || entry.gid !== 0) fs.lchownSync(pathOf(directory.join(name)), entry.uid, entry.gid);
        fs.lutimesSync(pathOf(directory.join(name)), entry.mtime, entry.mtime);
        return;
      case 'link':
        this.#link(place, entry.target, what);
        return;
      default:
        this.#tree.make(place, path => fs.closeSync(fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)));
        directory.pending.set(name, entry);
    }
  }

  /** link(2) does not follow a link in the last place, and the places before it are directories of ours. */
  #link(place: Place, target: ByteString, what: string): void {
    const source = this.#tree.locate(target, `${what}, a hard link to ${readable(target)}`);
    if (source === undefined) throw refused(what, 'it is a hard link to the root');
    if (source.directory === place.directory && source.name === place.name) return;
    const sourcePath = pathOf(source.directory.join(source.name));
    try {
      this.#tree.make(place, path => fs.linkSync(sourcePath, path));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT')
        throw refused(what, `it is a hard link to ${readable(target)}, which is not there`);
      if (errnoOf(error) === 'EPERM')
        throw refused(what, `it is a hard link to ${readable(target)}, which is a directory`);
      throw error;
    }
    const node = source.directory.pending.get(source.name);
    if (node !== undefined && isNode(node)) place.directory.pending.set(place.name, node);
  }

  #whiteout({ directory, name }: Place, what: string): void {
    if (name === opaqueMarker) directory.opaque = true;
    else if (!name.startsWith(metadataPrefix)) {
      const deleted = name.slice(whiteoutPrefix.length);
      if (deleted === '' || deleted === '.' || deleted === '..') throw refused(what, 'it is a whiteout of no file');
      directory.whiteouts.add(deleted);
    }
  }

  #setAttributes(inherited: (path: ByteString) => Inherited | undefined): void {
    const rootLength = this.#tree.root.path.length;
    for (const directory of this.#tree.directories()) {
      for (const [name, entry] of directory.pending) if (isNode(entry)) set(directory.join(name), entry);
      const own = directory.entry ?? inherited(pathFrom(directory, rootLength));
      set(directory.path, own ?? { mode: 0o755, uid: 0, gid: 0, mtime: undefined });
    }
  }

  async #run(steps: Parameters<typeof runSteps>[0]): Promise<void> {
    try {
      await runSteps(steps);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  #guard<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw this.#explain(error);
    }
  }

  #explain(error: unknown): unknown {
    if (error instanceof MinidockError && error.code === 'hostile-layer') return error;
    if (error instanceof TarError) {
      return new MinidockError('corrupt-layer', `${this.#name} is no valid tar archive: ${error.message}`, {
        cause: error,
      });
    }
    if (errnoOf(error) === 'ENAMETOOLONG') {
      const path = readable((error as NodeJS.ErrnoException).path ?? '');
      return refused(
        `${path} in ${this.#name}`,
        'a path of more than 4095 bytes, or a name of more than 255, has no place on a disk',
      );
    }
    return explainWrite(error, `unpacking ${this.#name}`);
  }
}

function set(path: ByteString, { mode, uid, gid, mtime }: Omit<Inherited, 'mtime'> & { mtime?: number }): void {
  const target = pathOf(path);
  if (uid !== 0 || gid !== 0) fs.chownSync(target, uid, gid);
  fs.chmodSync(target, mode);
  if (mtime !== undefined) fs.utimesSync(target, mtime, mtime);
}

function pathFrom(directory: Directory, rootLength: number): ByteString {
  return directory.path.slice(rootLength) || '/';
}

function checkIds({ uid, gid }: TarEntry, what: string): void {
  if (uid < 0 || gid < 0 || uid > maxId || gid > maxId) throw refused(what, `its owner ${uid}:${gid} is out of range`);
}
