import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Digest } from '../../oci/digest.ts';
import { BombGuard, type BombLimits } from '../../storage/bomb.ts';
import { decompress } from '../../storage/compression/decompress.ts';
import { explainWrite } from '../../storage/failure.ts';
import { TarError } from '../../storage/tar/error.ts';
import type { TarEntry } from '../../storage/tar/header.ts';
import { type TarHandler, TarReader } from '../../storage/tar/reader.ts';
import { corruptArchive, hostileArchive } from './failure.ts';

/** A regular file of the archive, spooled. */
export interface FileMember {
  kind: 'file';
  /** Its name in the archive. */
  name: string;
  /** Where its bytes are now. */
  path: string;
  /** Bytes. */
  size: number;
  digest: Digest;
}

type Member = FileMember | { kind: 'symlink'; target: string } | { kind: 'directory' };

/** A real archive has three files a layer; each costs some memory. */
const maxMembers = 20_000;
const maxNameLength = 1024;
const maxLinks = 10;

/**
 * The members of an image archive, each spooled into a numbered file. A member's name is a key in a table and never a path
 * of the host (CVE-2014-9356, CVE-2014-9358); links are followed inside this table. Memory is bounded: the archive is read once,
 * and a file's digest is computed on its way to the disk.
 */
export class Members implements TarHandler {
  readonly #folder: string;
  readonly #members = new Map<string, Member>();
  readonly #reader = new TarReader(this);
  #open: { fd: number; hash: Hash; member: Omit<FileMember, 'digest'> } | undefined;
  readonly #guard: BombGuard;
  #taken = 0;

  /** Files are made in `folder`, which the caller removes. */
  constructor(folder: string, limits?: BombLimits) {
    this.#folder = folder;
    this.#guard = new BombGuard(() => this.#taken, folder, 'the archive', limits);
  }

  /** Throws `MinidockError`: `corrupt-archive`, `corrupt-data`, `hostile-archive`, `hostile-layer`, `no-space`. */
  async readAll(source: AsyncIterable<Buffer>): Promise<void> {
    try {
      this.#guard.checkDisk();
      for await (const chunk of decompress(this.#counted(source), 'the archive')) {
        this.#guard.count(chunk.length);
        this.#reader.write(chunk);
      }
      if (this.#reader.entries === 0) throw corruptArchive('it is no tar archive, or an empty one');
      this.#reader.finish();
    } catch (error) {
      if (error instanceof TarError) throw corruptArchive(`it is no valid tar archive: ${error.message}`, error);
      throw explainWrite(error, 'loading an archive');
    } finally {
      if (this.#open !== undefined) fs.closeSync(this.#open.fd);
    }
  }

  has(name: string): boolean {
    return this.#members.has(name);
  }

  /** The file of this name; symbolic links are followed. Throws where there is none. */
  file(name: string): FileMember {
    let at = normalize(name);
    for (let links = 0; links <= maxLinks; links++) {
      const member = this.#members.get(at);
      if (member === undefined) throw corruptArchive(`it has no file ${shown(name)}, which it names`);
      if (member.kind === 'directory') throw corruptArchive(`${shown(name)}, which it names, is a directory`);
      if (member.kind === 'file') return member;
      at = normalize(path.posix.join(path.posix.dirname(at), member.target));
    }
    throw hostileArchive(`${shown(name)} is a chain of more than ${maxLinks} links`);
  }

  /** A small file. */
  read(name: string, maxSize: number): Buffer {
    const file = this.file(name);
    if (file.size > maxSize) {
      throw hostileArchive(`its ${shown(name)} has ${file.size} bytes, more than ${maxSize}`);
    }
    return fs.readFileSync(file.path);
  }

  entry(entry: TarEntry): void {
    const name = normalize(Buffer.from(entry.name, 'latin1').toString());
    if (this.#reader.entries > maxMembers) throw hostileArchive(`it has more than ${maxMembers} members`);
    const target = Buffer.from(entry.target, 'latin1').toString();
    switch (entry.type) {
      case 'directory':
        if (name !== '.') this.#add(name, { kind: 'directory' });
        return;
      case 'symlink':
        checkLink(name, target);
        this.#add(name, { kind: 'symlink', target });
        return;
      case 'link':
        this.#add(name, this.file(target));
        return;
      case 'file':
        this.#create(name, entry.size);
        return;
      default:
        throw hostileArchive(`${shown(name)} is a ${entry.type}, which no image archive holds`);
    }
  }

  data(chunk: Buffer, position: number): void {
    const { fd, hash, member } = this.#open!;
    if (position !== member.size) throw corruptArchive(`${shown(member.name)} is a sparse file`);
    hash.update(chunk);
    for (let at = 0; at < chunk.length; ) at += fs.writeSync(fd, chunk, at);
    member.size += chunk.length;
  }

  end(entry: TarEntry): void {
    if (this.#open === undefined) return;
    const { fd, hash, member } = this.#open;
    this.#open = undefined;
    fs.closeSync(fd);
    if (member.size !== entry.size) throw corruptArchive(`${shown(member.name)} is a sparse file`);
    this.#add(member.name, { ...member, digest: `sha256:${hash.digest('hex')}` });
  }

  #create(name: string, size: number): void {
    this.#guard.checkDisk(size);
    const file = path.join(this.#folder, String(this.#reader.entries));
    const fd = fs.openSync(file, 'wx', 0o600);
    this.#open = { fd, hash: createHash('sha256'), member: { kind: 'file', name, path: file, size: 0 } };
  }

  /**
   * A name that occurs twice with different content is refused: readers that take the first would see another image.
   */
  #add(name: string, member: Member): void {
    const before = this.#members.get(name);
    if (before !== undefined && !isSame(before, member)) {
      throw hostileArchive(`it holds ${shown(name)} twice, with different content`);
    }
    this.#members.set(name, member);
  }

  async *#counted(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      this.#taken += chunk.length;
      yield chunk;
    }
  }
}

function isSame(a: Member, b: Member): boolean {
  if (a.kind === 'file') return b.kind === 'file' && a.digest === b.digest;
  return a.kind === 'symlink' ? b.kind === 'symlink' && a.target === b.target : b.kind === 'directory';
}

/** A name without `./` and doubled slashes; one that climbs out is refused. */
function normalize(name: string): string {
  if (name.length > maxNameLength) throw hostileArchive(`a name in it has ${name.length} characters`);
  if (name.startsWith('/')) throw hostileArchive(`the name ${shown(name)} in it is absolute`);
  if (name.split('/').includes('..') && path.posix.normalize(name).startsWith('..')) {
    throw hostileArchive(`the name ${shown(name)} in it climbs out`);
  }
  return path.posix.normalize(name).replace(/\/$/, '');
}

function checkLink(name: string, target: string): void {
  const place = path.posix.join(path.posix.dirname(name), target);
  if (target.startsWith('/') || place.split('/')[0] === '..') {
    throw hostileArchive(`${shown(name)} in it is a link to ${shown(target)}, out of the archive`);
  }
}

/** For messages: quoted, and cut where it is long. */
export function shown(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
}
