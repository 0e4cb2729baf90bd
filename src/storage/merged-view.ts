import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../errors.ts';
import { readIfPresent } from '../state/files.ts';

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
  path: string;
  /** `link` only where the last one was not to be followed; `other` is a device, FIFO or socket. */
  kind: 'file' | 'directory' | 'link' | 'other' | 'missing';
  /** The topmost layer's file or directory. Absent where missing. */
  hostPath?: string;
  /** The layer that it lies in. */
  layer?: string;
  /** A directory's parts in all layers that show through, topmost first. */
  directories?: readonly Part[];
}

/** A directory of one layer that is merged with those below it. */
interface Part {
  layer: string;
  host: string;
}

/** As the kernel does (path_resolution(7)). */
const maxLinks = 40;

/**
 * Looks a path up. `layers` are directories, bottom first, as in `ImageRecord.layers`; a container's writable layer goes
 * last. Relative paths begin at the root; what lies behind something missing is missing.
 *
 * Throws `too-many-links` after 40 symbolic links.
 */
export function resolve(layers: readonly string[], target: string, options: { followLast?: boolean } = {}): Found {
  const root: Part[] = merge(layers.toReversed().map(layer => ({ layer, host: layer })));
  const names: string[] = [];
  /** The merged directory at each depth; undefined below something missing. */
  const stack: (readonly Part[] | undefined)[] = [root];
  const todo = target.split('/').toReversed();
  let links = 0;
  let last: Entry | undefined;
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (name === '' || name === '.') continue;
    last = undefined;
    if (name === '..') {
      names.pop();
      if (stack.length > 1) stack.pop();
      continue;
    }
    const entry = lookup(stack.at(-1), name);
    const isLast = todo.every(rest => rest === '' || rest === '.');
    if (entry?.stats.isSymbolicLink() && !(isLast && options.followLast === false)) {
      if (++links > maxLinks) throw tooManyLinks(target);
      const link = fs.readlinkSync(entry.parts[0]!.host);
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
  const canonical = `/${names.join('/')}`;
  const directories = stack.at(-1);
  if (directories !== undefined && directories.length > 0) {
    return {
      path: canonical,
      kind: 'directory',
      hostPath: directories[0]!.host,
      layer: directories[0]!.layer,
      directories,
    };
  }
  if (last === undefined) return { path: canonical, kind: names.length === 0 ? 'directory' : 'missing' };
  const { host, layer } = last.parts[0]!;
  return { path: canonical, kind: kindOf(last.stats), hostPath: host, layer };
}

/** A regular file's content, links followed inside the stack. */
export type ReadResult =
  | { kind: 'file'; path: string; content: Buffer }
  | { kind: 'directory' | 'link' | 'other' | 'missing' | 'too large'; path: string };

/**
 * Reads a regular file of at most `maxBytes`. Opens it as a mere path first (open(2), O_PATH), so that a FIFO cannot stall
 * us nor a device be touched, and reads only if the kernel says that this is where it meant to be.
 */
export function readFile(layers: readonly string[], target: string, maxBytes: number): ReadResult {
  const found = resolve(layers, target);
  if (found.kind !== 'file') return { kind: found.kind, path: found.path };
  const O_PATH = 0o10000000;
  const handle = fs.openSync(found.hostPath!, O_PATH | fs.constants.O_NOFOLLOW);
  try {
    const self = `/proc/self/fd/${handle}`;
    const stats = fs.fstatSync(handle);
    const meant = fs.realpathSync(found.layer!) + found.hostPath!.slice(found.layer!.length);
    if (!stats.isFile() || fs.readlinkSync(self) !== meant) return { kind: 'other', path: found.path };
    if (stats.size > maxBytes) return { kind: 'too large', path: found.path };
    return { kind: 'file', path: found.path, content: readUpTo(self, maxBytes) };
  } finally {
    fs.closeSync(handle);
  }
}

/** One name of a merged directory. */
export interface Entry {
  stats: fs.Stats;
  /** The file, or a directory's parts, topmost first. */
  parts: readonly Part[];
}

/** What a merged directory holds, by name. */
export function list(directories: readonly Part[]): Map<string, Entry> {
  const names = new Set(directories.flatMap(({ host }) => fs.readdirSync(host)));
  const entries = new Map<string, Entry>();
  for (const name of [...names].sort()) {
    const entry = lookup(directories, name);
    if (entry !== undefined) entries.set(name, entry);
  }
  return entries;
}

function lookup(directories: readonly Part[] | undefined, name: string): Entry | undefined {
  let top: Entry | undefined;
  const parts: Part[] = [];
  for (const { layer, host } of directories ?? []) {
    const child = `${host}/${name}`;
    const stats = fs.lstatSync(child, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    if (isWhiteout(stats)) break;
    if (!stats.isDirectory()) {
      // Below a directory it is hidden, and it hides what lies below.
      top ??= { stats, parts: [{ layer, host: child }] };
      break;
    }
    parts.push({ layer, host: child });
    top ??= { stats, parts };
  }
  return top === undefined || !top.stats.isDirectory() ? top : { ...top, parts: merge(parts) };
}

/** The parts down to the first opaque one. */
function merge(parts: Part[]): Part[] {
  const opaque = parts.length < 2 ? -1 : parts.findIndex(isOpaque);
  return opaque === -1 ? parts : parts.slice(0, opaque + 1);
}

/** Opaque directories of each layer, by their path inside it. Layers do not change. */
const opaqueOf = new Map<string, ReadonlySet<string>>();

/**
 * Node cannot read the attribute `trusted.overlay.opaque`, so layers name their opaque directories in `layer.json` too. A
 * container's writable layer has no such file: a directory that the container deleted and made again counts as merged.
 */
function isOpaque({ layer, host }: Part): boolean {
  let opaque = opaqueOf.get(layer);
  if (opaque === undefined) {
    const record = readIfPresent(path.join(path.dirname(layer), 'layer.json'));
    opaque = new Set(record === undefined ? [] : ((JSON.parse(record) as { opaque?: string[] }).opaque ?? []));
    if (record !== undefined) opaqueOf.set(layer, opaque);
  }
  return opaque.has(host.slice(layer.length) || '/');
}

function isWhiteout(stats: fs.Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0;
}

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
    for (let read = -1; read !== 0 && length < maxBytes; length += read) {
      read = fs.readSync(fd, content, length, maxBytes - length, null);
    }
    return content.subarray(0, length);
  } finally {
    fs.closeSync(fd);
  }
}

function tooManyLinks(target: string): MinidockError {
  return new MinidockError(
    'too-many-links',
    `too many symbolic links in the image on the way to ${JSON.stringify(target)}`,
  );
}
