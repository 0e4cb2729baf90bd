import fs from 'node:fs';
import { layersOf } from '../../container/layers.ts';
import type { ContainerRecord } from '../../container/record.ts';
import { containerPaths } from '../../state/paths.ts';
import { pathOf, textOf } from '../../storage/bytes.ts';
import { resolve } from '../../storage/merged-view.ts';
import { pathIn, type Scope } from '../../storage/scope/scope.ts';
import type { ByteString } from '../../storage/tar/header.ts';
import type { EngineContext } from '../context.ts';
import type { Change } from '../nouns/containers.ts';
import { openUpper } from './upper.ts';

/**
 * What a container changed: the files of its writable layer, compared with the image's. A directory counts as changed where
 * something in it was; what the engine itself makes for every container does not count.
 */
export async function changesOf(context: EngineContext, record: ContainerRecord): Promise<Change[]> {
  const upper = await openUpper(containerPaths(context.roots, record.id).upper);
  try {
    const layers = layersOf(context.roots, record);
    const differences = new Differences(upper.scope, layers, upper.isOpaque);
    return differences.below([]);
  } finally {
    upper.scope.close();
  }
}

/** overlayfs marks a file as deleted in this layer by a character device 0:0. */
export const isWhiteout = (stats: fs.Stats) => stats.isCharacterDevice() && stats.rdev === 0;

class Differences {
  constructor(
    private readonly scope: Scope,
    private readonly layers: readonly string[],
    private readonly isOpaque: (path: ByteString) => boolean,
  ) {}

  below(names: readonly ByteString[]): Change[] {
    const own = new Set(this.scope.list(names));
    const gone = this.isOpaque(pathIn(names)) ? this.#lowerNames(names).filter(name => !own.has(name)) : [];
    const deleted = gone.map((name): Change => ({ kind: 'D', path: textOf(pathIn([...names, name])) }));
    const changed = [...own].flatMap(name => this.#changes([...names, name]));
    return [...changed, ...deleted].sort((a, b) => compare(a.path, b.path));
  }

  #changes(names: readonly ByteString[]): Change[] {
    const stats = this.scope.look(names);
    if (stats === undefined || isOurs(pathIn(names), stats)) return [];
    const path = textOf(pathIn(names));
    const before = this.#lower(names);
    if (isWhiteout(stats)) return before === undefined ? [] : [{ kind: 'D', path }];
    const inner = stats.isDirectory() ? this.below(names) : [];
    if (before === undefined) return [{ kind: 'A', path }, ...inner];
    const isChanged = inner.length > 0 || differs(stats, before);
    return isChanged ? [{ kind: 'C', path }, ...inner] : [];
  }

  #lower(names: readonly ByteString[]): fs.Stats | undefined {
    return lowerOf(this.layers, pathIn(names));
  }

  #lowerNames(names: readonly ByteString[]): ByteString[] {
    const path = pathIn(names);
    const found = resolve(this.layers, path, { followLast: false });
    if (found.kind !== 'directory' || found.path !== path) return [];
    const all = (found.directories ?? []).flatMap(({ host }) => fs.readdirSync(pathOf(host), 'latin1'));
    return [...new Set(all)].filter(name => this.#lower([...names, name]) !== undefined);
  }
}

/** What the image has at a path. No link on the way is followed. */
function lowerOf(layers: readonly string[], path: ByteString): fs.Stats | undefined {
  const found = resolve(layers, path, { followLast: false });
  if (found.kind === 'missing' || found.path !== path || found.hostPath === undefined) return undefined;
  return fs.lstatSync(pathOf(found.hostPath), { throwIfNoEntry: false });
}

/** Whether overlayfs copied a directory up for nothing but what the engine makes in it, such as mount points. */
export function isForUsAlone(
  scope: Scope,
  layers: readonly string[],
  names: readonly ByteString[],
  isMadeByUs: (path: ByteString, stats: fs.Stats) => boolean,
): boolean {
  const stats = scope.look(names);
  if (!stats?.isDirectory()) return false;
  const inside = scope.list(names).map(name => [...names, name]);
  const isOnlyUs = inside.every(inner => {
    const found = scope.look(inner);
    return found === undefined || isMadeByUs(pathIn(inner), found) || isForUsAlone(scope, layers, inner, isMadeByUs);
  });
  if (inside.length === 0 || !isOnlyUs) return false;
  const before = lowerOf(layers, pathIn(names));
  return before !== undefined && !differs(stats, before);
}

/** As Docker compares: a directory's size and time do not count. */
function differs(after: fs.Stats, before: fs.Stats): boolean {
  const [a, b] = [after, before];
  if (a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid || a.rdev !== b.rdev) return true;
  return !a.isDirectory() && (a.mtimeMs !== b.mtimeMs || a.size !== b.size);
}

const mountPoints: ReadonlySet<ByteString> = new Set(['/etc/hosts', '/etc/hostname', '/etc/resolv.conf']);
const kernels: ReadonlySet<ByteString> = new Set(['/dev', '/proc', '/sys']);

/** What starting a container makes in its root: /.dockerenv, and mount points, which are empty. */
export function isOurs(path: ByteString, stats: fs.Stats): boolean {
  if (path === '/.dockerenv') return stats.isFile() && stats.size === 0;
  if (mountPoints.has(path)) return stats.isFile() && stats.size === 0;
  return kernels.has(path) && stats.isDirectory();
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
