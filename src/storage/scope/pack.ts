import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, MinidockError } from '../../errors.ts';
import type { Step } from '../../syscalls/step.ts';
import { byteString } from '../bytes.ts';
import { readAttributes } from '../copy/attributes.ts';
import { deviceOf } from '../tar/device.ts';
import type { ByteString, EntryType, TarEntry } from '../tar/header.ts';
import { archiveEnd, memberHeader, padding } from '../tar/writer.ts';
import { pathIn, type Scope } from './scope.ts';

/** A tree in a scope, and what its archive calls it. */
export interface Packed {
  scope: Scope;
  names: readonly ByteString[];
  /** Name of the top in the archive: `etc`, `.`; empty where the top is no member itself. */
  as: ByteString;
  /** Steps that make the scope's directory the root of whoever asks for extended attributes; none: they are not asked for. */
  enter?: readonly Step[];
  /** What becomes of a member: nothing, or others too. The first of them has its content. */
  change?: (entry: TarEntry, stats: fs.Stats, names: readonly ByteString[]) => readonly TarEntry[];
}

interface Member {
  names: readonly ByteString[];
  name: ByteString;
  stats: fs.Stats;
}

/** So many members are asked for their attributes at once. */
const batch = 500;
const chunkSize = 1 << 20;

/**
 * Writes a tree as a tar archive, its end too: names byte for byte, owners, modes, times, extended attributes, hard links, devices and
 * FIFOs; of a socket there is nothing to keep. Directories stand before what is in them, names in the order of their bytes. What
 * vanishes meanwhile is left out, a file that grows or shrinks has the size that it had at first.
 */
export async function* packTree(tree: Packed): AsyncGenerator<Buffer> {
  const links = new Map<string, ByteString>();
  let waiting: Member[] = [];
  for (const member of membersOf(tree)) {
    waiting.push(member);
    if (waiting.length < batch) continue;
    yield* packMembers(tree, waiting, links);
    waiting = [];
  }
  yield* packMembers(tree, waiting, links);
  yield archiveEnd;
}

async function* packMembers(
  tree: Packed,
  members: readonly Member[],
  links: Map<string, ByteString>,
): AsyncGenerator<Buffer> {
  const attributes = await attributesOf(tree, members);
  for (const member of members) yield* packMember(tree, member, attributes.get(pathIn(member.names)), links);
}

function* membersOf({ scope, names: top, as }: Packed): Generator<Member> {
  const stats = scope.look(top);
  const todo: Member[] = stats === undefined ? [] : [{ names: top, name: as, stats }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (next.name !== '') yield next;
    if (next.stats.isDirectory()) todo.push(...membersIn(scope, next).toReversed());
  }
}

function membersIn(scope: Scope, { names, name }: Member): Member[] {
  try {
    return scope.list(names).flatMap(one => {
      const inner = [...names, one];
      const stats = scope.look(inner);
      const within = name === '' || name.endsWith('/') ? `${name}${one}` : `${name}/${one}`;
      return stats === undefined ? [] : [{ names: inner, name: within, stats }];
    });
  } catch (error) {
    if (hasVanished(error)) return [];
    throw error;
  }
}

async function attributesOf(
  { enter }: Packed,
  members: readonly Member[],
): Promise<ReadonlyMap<ByteString, Map<string, Buffer>>> {
  const found = new Map<ByteString, Map<string, Buffer>>();
  if (enter === undefined) return found;
  const asked = members.filter(({ stats }) => stats.isFile() || stats.isDirectory());
  for (const { path, name, value } of await readAttributes(
    asked.map(({ names }) => pathIn(names)),
    { enter },
  )) {
    const known = found.get(path) ?? new Map<string, Buffer>();
    found.set(path, known.set(name, value));
  }
  return found;
}

function* packMember(
  { scope, change = entry => [entry] }: Packed,
  { names, name, stats }: Member,
  xattrs: Map<string, Buffer> = new Map(),
  links: Map<string, ByteString>,
): Generator<Buffer> {
  const type = typeOf(stats);
  if (type === undefined) return;
  const inode = `${stats.dev}:${stats.ino}`;
  const earlier = stats.nlink > 1 && type !== 'directory' ? links.get(inode) : undefined;
  const entry: TarEntry = {
    type: earlier === undefined ? type : 'link',
    name,
    target: earlier ?? (type === 'symlink' ? (scope.readLink(names) ?? '') : ''),
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    mtime: stats.mtimeMs / 1000,
    size: 0,
    ...(stats.isCharacterDevice() || stats.isBlockDevice() ? deviceOf(stats) : { major: 0, minor: 0 }),
    xattrs,
  };
  const [packed, ...more] = change(entry, stats, names);
  if (packed === undefined) return;
  try {
    if (packed.type === 'file' && type === 'file') yield* packFile(scope, names, packed);
    else yield memberHeader(packed);
    for (const other of more) yield memberHeader(other);
    if (earlier === undefined) links.set(inode, name);
  } catch (error) {
    if (!hasVanished(error)) throw error;
  }
}

function* packFile(scope: Scope, names: readonly ByteString[], entry: TarEntry): Generator<Buffer> {
  const fd = scope.openFile(names);
  if (fd === undefined) return;
  try {
    const { size } = fs.fstatSync(fd);
    yield memberHeader({ ...entry, size });
    for (let left = size; left > 0; ) {
      // A buffer of its own: whoever takes it may keep it.
      const chunk = Buffer.allocUnsafe(Math.min(left, chunkSize));
      const read = fs.readSync(fd, chunk, 0, chunk.length, null);
      if (read === 0) {
        // It was truncated meanwhile, and its header is written.
        yield chunk.fill(0);
        left -= chunk.length;
      } else {
        yield chunk.subarray(0, read);
        left -= read;
      }
    }
    if (padding(size) > 0) yield Buffer.alloc(padding(size));
  } finally {
    fs.closeSync(fd);
  }
}

function typeOf(stats: fs.Stats): EntryType | undefined {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isCharacterDevice()) return 'character';
  return stats.isBlockDevice() ? 'block' : undefined;
}

function hasVanished(error: unknown): boolean {
  return (
    ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '') ||
    (error instanceof MinidockError && error.code === 'file-changed')
  );
}

/** What `docker cp` calls the top of an archive: the last name of a path as it was given, `.` after `/.`, `/` for the root. */
export function topName(given: string): ByteString {
  if (/^\/*$/.test(given)) return '/';
  return byteString(/(^|\/)\.$/.test(given) ? '.' : path.posix.basename(given));
}
