import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, MinidockError } from '../errors.ts';
import { byteString, jsonPath, pathOf, readable } from './bytes.ts';
import type { ByteString } from './tar/header.ts';

/**
 * What a stack of layers shows at a path, as overlayfs would merge it, without mounting anything.
 *
 * Every name on the way is looked up by lstat in each layer and links are followed by us, inside the stack: no path of the
 * image is ever given to the kernel to resolve, so none leads to the host (CVE-2019-14271, CVE-2022-23648). Layers of
 * images do not change, which makes the answer final. The writable layer of a *running* container can change between a
 * look and a use: `readFile` checks what it opened; whoever takes a `hostPath` for anything else must own that layer.
 */
export interface Found {
  /** Where the path ends inside the rootfs, no link left in it: `/run/x` for `/var/run/x`. */
  path: ByteString;
  /** `link` only where the last one was not to be followed; `other` is a device, FIFO or socket. */
  kind: 'file' | 'directory' | 'link' | 'other' | 'missing';
  /** The topmost layer's file or directory. Absent where missing. */
  hostPath?: ByteString;
  /** The layer that it lies in. */
  layer?: ByteString;
  /** A directory's parts in all layers that show through, topmost first; the notes of each layer are read for them. */
  directories?: readonly Part[];
  /** Whether the path passes through a mount. A link in the mount may lead out of it again. */
  throughMount: boolean;
  /** If the path lies in a mount: the file of the host there, or the directory that would hold it. */
  mounted?: ByteString;
}

/** A directory of one layer that is merged with those below it, or of a mount. */
export interface Part {
  layer: ByteString;
  host: ByteString;
}

const wholeLayer = (layer: ByteString): Part => ({ layer, host: layer });

/** What of the host is mounted at a path of the container, by that path: it covers what the layers have there. */
export type Mounts = ReadonlyMap<ByteString, ByteString>;

/** As the kernel does (path_resolution(7)). */
const maxLinks = 40;

/**
 * Looks a path up. `layers` are directories, bottom first, as in `ImageRecord.layers`; a container's writable layer goes
 * last. Relative paths begin at the root; what lies behind something missing is missing.
 *
 * Throws `too-many-links` after 40 symbolic links.
 */
export function resolve(
  layers: readonly string[],
  target: ByteString,
  options: { followLast?: boolean; mounts?: Mounts } = {},
): Found {
  const root = layers.toReversed().map(layer => wholeLayer(byteString(layer)));
  const names: ByteString[] = [];
  /** The directory at each depth in all layers, also those that do not show through; undefined below something missing. */
  const stack: (readonly Part[] | undefined)[] = [root];
  const todo = target.split('/').toReversed();
  const mounts = options.mounts?.size ? options.mounts : undefined;
  let links = 0;
  let throughMount = false;
  let last: Entry | undefined;
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (name === '' || name === '.') continue;
    last = undefined;
    if (name === '..') {
      names.pop();
      if (stack.length > 1) stack.pop();
      continue;
    }
    const source = mounts?.get(`/${[...names, name].join('/')}`);
    if (source !== undefined) {
      throughMount = true;
      last = entryOf(source);
      names.push(name);
      stack.push(last === undefined || last.stats.isDirectory() ? [{ layer: source, host: source }] : undefined);
      continue;
    }
    const entry = lookup(stack.at(-1) ?? [], name);
    const mayStay = options.followLast === false && todo.every(rest => rest === '' || rest === '.');
    if (entry?.stats.isSymbolicLink() && !mayStay) {
      if (++links > maxLinks) throw tooManyLinks(target);
      const link = readLink(entry.parts[0]!.host);
      if (link === undefined) {
        todo.push(name);
        continue;
      }
      if (link.startsWith('/')) {
        names.length = 0;
        stack.length = 1;
      }
      todo.push(...link.split('/').toReversed());
      continue;
    }
    names.push(name);
    stack.push(entry?.stats.isDirectory() ? entry.parts : undefined);
    last = entry;
  }
  const nearest = stack.findLast(parts => parts !== undefined)?.[0];
  const inMount = nearest !== undefined && mounts !== undefined && [...mounts.values()].includes(nearest.layer);
  const common = { path: `/${names.join('/')}`, throughMount, ...(inMount && { mounted: nearest.host }) };
  const parts = stack.at(-1);
  if (parts !== undefined && parts.length > 0) {
    const { host: hostPath, layer } = parts[0]!;
    return {
      ...common,
      kind: 'directory',
      hostPath,
      layer,
      get directories() {
        return merge(parts);
      },
    };
  }
  if (last === undefined) return { ...common, kind: names.length === 0 ? 'directory' : 'missing' };
  const { host: hostPath, layer } = last.parts[0]!;
  return { ...common, kind: kindOf(last.stats), hostPath, layer };
}

/** What is mounted, by itself; undefined for what does not exist yet, which will be a directory. */
function entryOf(source: ByteString): Entry | undefined {
  const stats = fs.statSync(pathOf(source), { throwIfNoEntry: false });
  return stats && { stats, parts: [{ layer: source, host: source }] };
}

/** A regular file's content, links followed inside the stack. */
export type ReadResult =
  | { kind: 'file'; path: ByteString; content: Buffer }
  | { kind: 'directory' | 'link' | 'other' | 'missing' | 'too large'; path: ByteString };

/** Reads a regular file of at most `maxBytes`. Throws `file-changed` where it was one a moment ago. */
export function readFile(layers: readonly string[], target: ByteString, maxBytes: number): ReadResult {
  const found = resolve(layers, target);
  if (found.kind !== 'file') return { kind: found.kind, path: found.path };
  const handle = openRegular({ layer: found.layer!, host: found.hostPath! });
  try {
    const { size } = fs.fstatSync(handle);
    if (size > maxBytes) return { kind: 'too large', path: found.path };
    return { kind: 'file', path: found.path, content: readUpTo(`/proc/self/fd/${handle}`, size) };
  } finally {
    fs.closeSync(handle);
  }
}

/**
 * Opens a regular file as a mere path (open(2), O_PATH), to be opened again as /proc/self/fd/N: a FIFO cannot stall us, no device is
 * touched, and the kernel says that this is where it was meant to be. Throws `file-changed` otherwise.
 */
export function openRegular({ layer, host }: Part): number {
  const O_PATH = 0o10000000;
  const handle = fs.openSync(pathOf(host), O_PATH | fs.constants.O_NOFOLLOW);
  if (fs.fstatSync(handle).isFile() && isAt(handle, realpath(layer) + host.slice(layer.length))) return handle;
  fs.closeSync(handle);
  throw new MinidockError('file-changed', `${readable(host)} was replaced while it was opened`, {
    fix: 'run the command again',
  });
}

const isAt = (handle: number, path: ByteString) => fs.readlinkSync(`/proc/self/fd/${handle}`, 'latin1') === path;
const realpaths = new Map<ByteString, ByteString>();

function realpath(layer: ByteString): ByteString {
  const known = realpaths.get(layer) ?? fs.realpathSync.native(pathOf(layer), 'latin1');
  realpaths.set(layer, known);
  return known;
}

/** One name of a merged directory. */
export interface Entry {
  stats: fs.Stats;
  /** The file, or a directory's parts, topmost first. */
  parts: readonly Part[];
}

/** What a merged directory holds, by name. */
export function list(directories: readonly Part[]): Map<ByteString, Entry> {
  const names = new Set(directories.flatMap(({ host }) => fs.readdirSync(pathOf(host), 'latin1')));
  const entries = new Map<ByteString, Entry>();
  for (const name of [...names].sort()) {
    const entry = lookup(directories, name);
    if (entry !== undefined) entries.set(name, { ...entry, parts: merge(entry.parts) });
  }
  return entries;
}

/** A name of a directory that has these parts; those of a directory that it names may be more than show through. */
function lookup(directories: readonly Part[], name: ByteString): Entry | undefined {
  let top: Entry | undefined;
  const parts: Part[] = [];
  for (let index = 0; index < directories.length; index++) {
    const part = directories[index]!;
    const child = { layer: part.layer, host: `${part.host}/${name}` };
    const stats = look(child.host);
    if (stats !== undefined) {
      if (isWhiteout(stats)) break;
      // Below a directory a file is hidden, and it hides what lies below.
      if (!stats.isDirectory()) return top ?? { stats, parts: [child] };
      parts.push(child);
      top ??= { stats, parts };
    }
    if (index < directories.length - 1 && isOpaque(part)) break;
  }
  return top;
}

/**
 * Undefined where nothing exists or can exist. In a volume a name may have become another kind of file since it was
 * looked up.
 */
function look(path: ByteString): fs.Stats | undefined {
  return unlessChanged(() => fs.lstatSync(pathOf(path), { throwIfNoEntry: false }));
}

/** Undefined where it has stopped being a link. */
function readLink(path: ByteString): ByteString | undefined {
  return unlessChanged(() => fs.readlinkSync(pathOf(path), 'latin1'));
}

function unlessChanged<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (['EINVAL', 'ELOOP', 'ENAMETOOLONG', 'ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** The parts down to the first opaque one. */
function merge(parts: readonly Part[]): readonly Part[] {
  const opaque = parts.length < 2 ? -1 : parts.findIndex(isOpaque);
  return opaque === -1 ? parts : parts.slice(0, opaque + 1);
}

/** What is written down of a layer beside its directory. Layers do not change. */
interface LayerNotes {
  /** Opaque directories, by their path inside it (`jsonPath`). */
  opaque: ReadonlySet<string>;
  hasAttributes: boolean;
}

const notes = new Map<ByteString, LayerNotes>();

/**
 * Node cannot read the attribute `trusted.overlay.opaque`, so layers name their opaque directories in `layer.json` too. A
 * container's writable layer has no such file: a directory that the container deleted and made again counts as merged.
 */
function isOpaque({ layer, host }: Part): boolean {
  const { opaque } = notesOf(layer);
  return opaque.size > 0 && opaque.has(jsonPath(host.slice(layer.length) || '/'));
}

/** Whether files of a layer may have extended attributes; true for a directory that is not a layer. */
export const mayHaveAttributes = (layer: ByteString): boolean => notesOf(layer).hasAttributes;

function notesOf(layer: ByteString): LayerNotes {
  const known = notes.get(layer);
  if (known !== undefined) return known;
  const record = readRecord(`${path.dirname(layer)}/layer.json`) ?? '{}';
  const { opaque = [], hasAttributes = true } = JSON.parse(record) as { opaque?: string[]; hasAttributes?: boolean };
  const read = { opaque: new Set(opaque), hasAttributes };
  notes.set(layer, read);
  return read;
}

function readRecord(file: ByteString): string | undefined {
  try {
    return fs.readFileSync(pathOf(file), 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const isWhiteout = (stats: fs.Stats): boolean => stats.isCharacterDevice() && stats.rdev === 0;

function kindOf(stats: fs.Stats): Found['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

function readUpTo(file: string, maxBytes: number): Buffer {
  const fd = fs.openSync(file, 'r');
  try {
    const content = Buffer.alloc(maxBytes);
    let length = 0;
    for (let read = -1; read !== 0 && length < maxBytes; length += read)
      read = fs.readSync(fd, content, length, maxBytes - length, null);
    return content.subarray(0, length);
  } finally {
    fs.closeSync(fd);
  }
}

function tooManyLinks(target: ByteString): MinidockError {
  return new MinidockError('too-many-links', `too many symbolic links in the image on the way to ${readable(target)}`);
}
