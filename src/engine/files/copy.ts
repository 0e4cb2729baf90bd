import path from 'node:path';
import { layersOf } from '../../container/layers.ts';
import { userOf } from '../../container/process/image-user.ts';
import type { ContainerRecord } from '../../container/record.ts';
import { MinidockError } from '../../errors.ts';
import { byteString, textOf } from '../../storage/bytes.ts';
import { packTree, topName } from '../../storage/scope/pack.ts';
import { type Located, pathIn, type Scope } from '../../storage/scope/scope.ts';
import { unpackArchive } from '../../storage/scope/unpack.ts';
import { tell } from '../containers/events.ts';
import type { EngineContext } from '../context.ts';
import type { ExtractOptions, PathStat } from '../nouns/containers.ts';
import { openView } from './view.ts';

/** What a path of a container is. Throws `no-such-file` where a directory on the way is missing. */
export async function statPath(
  context: EngineContext,
  record: ContainerRecord,
  given: string,
  { followLink }: { followLink: boolean },
): Promise<PathStat> {
  const view = await openView(context, record, { volumes: true });
  try {
    return statOf(view.scope, locate(view.scope, record, given, followLink));
  } finally {
    await view.close();
  }
}

/** A path of a container as a tar archive. */
export async function* archivePath(
  context: EngineContext,
  record: ContainerRecord,
  given: string,
): AsyncGenerator<Buffer> {
  const view = await openView(context, record, { volumes: true, tells: true });
  try {
    const { names, stats } = locate(view.scope, record, given, false);
    if (stats === undefined) throw noSuchPath(record, given);
    tell(context, record, 'archive-path');
    yield* packTree({ scope: view.scope, names, as: topName(given), enter: view.enter });
  } finally {
    await view.close();
  }
}

/** The root file system of a container as a tar archive, without what is mounted in it. */
export async function* exportRoot(context: EngineContext, record: ContainerRecord): AsyncGenerator<Buffer> {
  const view = await openView(context, record, { volumes: false });
  try {
    tell(context, record, 'export');
    yield* packTree({ scope: view.scope, names: [], as: '', enter: view.enter });
  } finally {
    await view.close();
  }
}

/** Unpacks an archive into a directory of a container. */
export async function extractInto(
  context: EngineContext,
  record: ContainerRecord,
  given: string,
  source: AsyncIterable<Buffer>,
  { ownedByUser = false, replaces = false }: ExtractOptions,
): Promise<void> {
  const view = await openView(context, record, { volumes: true, tells: true });
  try {
    const { names, stats } = locate(view.scope, record, given, true);
    if (stats === undefined) throw noSuchPath(record, given);
    if (!stats.isDirectory())
      throw new MinidockError('not-a-directory', `extraction point is not a directory: ${given}`);
    checkWritable(record, textOf(pathIn(names)));
    const owner = ownedByUser ? ownerIn(context, record) : 'archive';
    const { scope, enter } = view;
    await unpackArchive({ scope, enter, at: names, owner, followsLinks: true, replaces }, source);
    tell(context, record, 'extract-to-dir');
  } finally {
    await view.close();
  }
}

/** A path that ends in a slash or `/.` means the target of a link, which must be a directory. */
function locate(scope: Scope, record: ContainerRecord, given: string, followLink: boolean): Located {
  const asksDirectory = /(^|\/)\.?$/.test(given);
  try {
    const found = scope.locate(byteString(given), { followLast: followLink || asksDirectory });
    if (asksDirectory && found.stats !== undefined && !found.stats.isDirectory())
      throw new MinidockError('not-a-directory', `lstat ${given}: not a directory`);
    return found;
  } catch (error) {
    if (error instanceof MinidockError && error.code === 'no-such-file')
      throw noSuchPath(record, path.posix.dirname(path.posix.join('/', given)));
    throw error;
  }
}

/** In the words of Docker's client. */
function noSuchPath({ name }: ContainerRecord, given: string): MinidockError {
  return new MinidockError('no-such-file', `No such container:path: ${name}:${given}`);
}

function statOf(scope: Scope, { names, stats }: Located): PathStat {
  const path = textOf(pathIn(names));
  if (stats === undefined) return { path, kind: 'missing' };
  const isLink = stats.isSymbolicLink();
  const kind = stats.isDirectory() ? 'directory' : isLink ? 'link' : stats.isFile() ? 'file' : 'other';
  const target = isLink ? scope.readLink(names) : undefined;
  const { size, mode, mtime } = stats;
  return { path, kind, stat: { size, mode, modified: mtime.toISOString(), ...(target && { target: textOf(target) }) } };
}

/** Docker's words. The mount that holds the path decides; without one, the root file system. */
function checkWritable({ mounts, options }: ContainerRecord, resolved: string): void {
  const holds = ({ destination }: { destination: string }) =>
    resolved === destination || resolved.startsWith(`${destination}/`);
  const mount = mounts.findLast(holds);
  if (mount === undefined ? options.readonlyRootfs : mount.readonly)
    throw new MinidockError(
      'read-only',
      mount === undefined ? 'container rootfs is marked read-only' : 'mounted volume is marked read-only',
    );
}

/** With `-a` what is copied belongs to the container's user; without one, to whom the archive says. */
function ownerIn(context: EngineContext, record: ContainerRecord): 'archive' | { uid: number; gid: number } {
  if (!record.config.User) return 'archive';
  const { uid, gid } = userOf(record.options, { layers: layersOf(context.roots, record), config: record.config });
  return { uid, gid };
}
