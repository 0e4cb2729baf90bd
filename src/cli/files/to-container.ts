import fs from 'node:fs';
import path from 'node:path';
import type { Containers } from '../../engine/nouns/containers.ts';
import { errnoOf, MinidockError } from '../../errors.ts';
import { byteString, textOf } from '../../storage/bytes.ts';
import { packTree, topName } from '../../storage/scope/pack.ts';
import { Scope } from '../../storage/scope/scope.ts';
import type { ByteString } from '../../storage/tar/header.ts';
import { asksForDirectory, type CopyFlags, inContainer } from './arguments.ts';

/** `cp SRC|- CONTAINER:DEST`, with Docker's rules of what is copied where. */
export async function copyTo(
  containers: Containers,
  given: string,
  { container, path: destination }: { container: string; path: string },
  { followLink, archive }: CopyFlags,
): Promise<void> {
  const options = { ownedByUser: archive };
  const source = given === '-' ? undefined : localSource(given, followLink);
  if (destination === '') throw noDirectory();
  const to = await inContainer(container, destination, () =>
    containers.statPath(container, destination.replace(/(?<=[^/])\/+$/, ''), { followLink: true }),
  );
  const shown = `destination "${container}:${destination}"`;
  if (to.kind === 'other') throw new MinidockError('not-a-directory', `${shown} must be a directory or a regular file`);
  const extract = (directory: string, tar: AsyncIterable<Buffer>) =>
    inContainer(container, directory, () => containers.extract(container, directory, tar, options));
  if (source === undefined) {
    if (to.kind !== 'directory') throw new MinidockError('not-a-directory', `${shown} must be a directory`);
    return await extract(to.path, process.stdin);
  }
  const isDirectory = source.stats.isDirectory();
  if (to.kind === 'file' && isDirectory) throw new MinidockError('cannot-overwrite', 'cannot copy directory');
  if (to.kind !== 'directory' && asksForDirectory(destination) && !isDirectory) throw noDirectory();
  const scope = new Scope('/');
  try {
    const isInto = to.kind === 'directory';
    const as = isInto ? source.name : byteString(path.posix.basename(to.path));
    const directory = isInto ? to.path : path.posix.dirname(to.path);
    await extract(directory, packTree({ scope, names: source.names, as, enter: [] }));
  } finally {
    scope.close();
  }
}

interface LocalSource {
  /** From the root, without links but perhaps the last. */
  names: readonly ByteString[];
  stats: fs.Stats;
  name: ByteString;
}

/** A slash at the end follows a link, as `-L` does; what is copied keeps the name that was given. */
function localSource(given: string, followLink: boolean): LocalSource {
  const absolute = path.resolve(given);
  const wantsDirectory = asksForDirectory(given);
  try {
    const real =
      followLink || wantsDirectory
        ? fs.realpathSync(absolute)
        : path.join(fs.realpathSync(path.dirname(absolute)), path.basename(absolute));
    const stats = fs.lstatSync(real);
    if (wantsDirectory && !stats.isDirectory()) throw new MinidockError('not-a-directory', 'not a directory');
    const name = /(^|\/)\.$/.test(given) || absolute === '/' ? '.' : topName(absolute);
    return { names: byteString(real).split('/').filter(Boolean), stats, name };
  } catch (error) {
    const reason = { ENOENT: 'no such file or directory', ENOTDIR: 'not a directory' }[errnoOf(error) ?? ''];
    if (reason === undefined) throw error;
    throw new MinidockError('no-such-file', `lstat ${textOf(byteString(absolute))}: ${reason}`, { cause: error });
  }
}

const noDirectory = () => new MinidockError('no-such-file', 'no such directory');
