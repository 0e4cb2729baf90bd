import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { deviceOf } from '../../storage/tar/device.ts';
import type { ByteString, EntryType, TarEntry } from '../../storage/tar/header.ts';
import { archiveEnd, memberHeader, padding } from '../../storage/tar/writer.ts';
import type { ModeChange } from './mode.ts';
import type { Tree } from './tree.ts';

/** A file that COPY makes: what the tar of the layer calls it, and where its content comes from. */
export interface Member {
  readonly entry: TarEntry;
  /** Of a regular file: a descriptor, to be closed by whoever asked; or the bytes themselves. */
  readonly content?: (() => number) | Buffer;
}

export interface Ownership {
  /** Undefined: 0:0, or the file's own where the tree keeps owners. */
  readonly owner?: { uid: number; gid: number };
  /** Permission bits of all, by the file's own. */
  readonly mode?: ModeChange;
}

/** A tree below `names`, the top as `as`; directories before what is in them, names in the order of their bytes. */
export function* membersOf(
  tree: Tree,
  names: readonly ByteString[],
  as: ByteString,
  ownership: Ownership,
  attributes: ReadonlyMap<ByteString, Map<string, Buffer>> = new Map(),
): Generator<Member> {
  const inodes = new Map<string, ByteString>();
  const todo: { names: readonly ByteString[]; as: ByteString }[] = [{ names, as }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const stats = tree.look(next.names);
    const type = stats && typeOf(stats, tree.keepsOwner);
    if (stats === undefined || type === undefined) continue;
    const at = next;
    const inode = `${stats.dev}:${stats.ino}`;
    const earlier = stats.nlink > 1 && type === 'file' ? inodes.get(inode) : undefined;
    if (earlier === undefined) inodes.set(inode, at.as);
    const entry: TarEntry = {
      type: earlier === undefined ? type : 'link',
      name: at.as,
      target: earlier ?? (type === 'symlink' ? tree.readLink(at.names) : ''),
      mode:
        type === 'symlink'
          ? 0o777
          : (ownership.mode?.(stats.mode & 0o7777, type === 'directory') ?? stats.mode & 0o7777),
      uid: ownership.owner?.uid ?? (tree.keepsOwner ? stats.uid : 0),
      gid: ownership.owner?.gid ?? (tree.keepsOwner ? stats.gid : 0),
      mtime: Math.floor(stats.mtimeMs / 1000),
      size: type === 'file' && earlier === undefined ? stats.size : 0,
      ...(type === 'character' || type === 'block' ? deviceOf(stats) : { major: 0, minor: 0 }),
      xattrs: attributes.get(at.names.join('/')) ?? new Map(),
    };
    if (at.as !== '') yield entry.type === 'file' ? { entry, content: () => tree.open(at.names) } : { entry };
    if (type === 'directory')
      for (const name of tree.list(at.names).toReversed())
        todo.push({ names: [...at.names, name], as: at.as === '' ? name : `${at.as}/${name}` });
  }
}

/** Sockets are none of a layer's, nor are devices of this machine; those of a stage are. */
function typeOf(stats: fs.Stats, isOfImage: boolean): EntryType | undefined {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (isOfImage && stats.isCharacterDevice()) return 'character';
  if (isOfImage && stats.isBlockDevice()) return 'block';
  return stats.isFIFO() ? 'fifo' : undefined;
}

const chunkSize = 1 << 20;

/** Members of a tar, without its end. No file is younger than `latest`, in seconds since 1970. */
export function* packMembers(members: Iterable<Member>, latest = Number.POSITIVE_INFINITY): Generator<Buffer> {
  for (const { entry, content } of members) {
    yield memberHeader({ ...entry, mtime: Math.min(entry.mtime, latest) });
    if (content !== undefined) yield* bytesOf(entry, content);
    if (padding(entry.size) > 0) yield Buffer.alloc(padding(entry.size));
  }
}

/** The tar of a layer, of its parts. */
export async function* packLayer(parts: Iterable<Iterable<Buffer> | AsyncIterable<Buffer>>): AsyncGenerator<Buffer> {
  for (const part of parts) yield* part;
  yield archiveEnd;
}

/** Exactly as many bytes as the header says, also where the file has changed since it was looked at. */
function* bytesOf(
  { size }: TarEntry,
  content: NonNullable<Member['content']>,
  room: (length: number) => Buffer = Buffer.allocUnsafe,
): Generator<Buffer> {
  if (Buffer.isBuffer(content)) {
    yield content;
    return;
  }
  const fd = content();
  try {
    for (let left = size; left > 0; ) {
      const chunk = room(Math.min(left, chunkSize));
      const read = fs.readSync(fd, chunk, 0, chunk.length, null);
      yield read === 0 ? chunk.fill(0) : chunk.subarray(0, read);
      left -= read === 0 ? chunk.length : read;
    }
  } finally {
    fs.closeSync(fd);
  }
}

/** What the cache knows a copy by. */
export interface CopyDigest {
  readonly digest: string;
  /** Digest of each file by its name, to tell which one changed. */
  files(): Record<string, string>;
}

let readInto: Buffer | undefined;

/** The same memory for each chunk of each file: nobody keeps it. */
function sameRoom(length: number): Buffer {
  readInto ??= Buffer.allocUnsafeSlow(chunkSize);
  return readInto.subarray(0, length);
}

/** Names, types, modes, owners, contents, and no times: a checkout sets those anew. */
export function digestOf(members: Iterable<Member>): CopyDigest {
  const all = createHash('sha256');
  const lines: (readonly [name: ByteString, line: string])[] = [];
  for (const { entry, content } of members) {
    const hash = createHash('sha256');
    if (content !== undefined) for (const chunk of bytesOf(entry, content, sameRoom)) hash.update(chunk);
    const { type, name, target, mode, uid, gid, major, minor, xattrs } = entry;
    const more = [...(major + minor > 0 ? [major, minor] : []), ...[...xattrs].sort(([a], [b]) => (a < b ? -1 : 1))];
    const line = JSON.stringify([type, name, target, mode, uid, gid, hash.digest('hex'), ...more]);
    lines.push([name, line]);
    all.update(line);
  }
  const short = (line: string) => createHash('sha256').update(line).digest('hex').slice(0, 16);
  const text = (name: ByteString) => Buffer.from(name, 'latin1').toString();
  return {
    digest: all.digest('hex'),
    files: () => Object.fromEntries(lines.map(([name, line]) => [text(name), short(line)])),
  };
}
