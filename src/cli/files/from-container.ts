import path from 'node:path';
import type { Containers } from '../../engine/nouns/containers.ts';
import { MinidockError } from '../../errors.ts';
import { byteString } from '../../storage/bytes.ts';
import { DiskGuard } from '../../storage/disk-guard.ts';
import { topName } from '../../storage/scope/pack.ts';
import { type Located, pathIn, Scope } from '../../storage/scope/scope.ts';
import { type Unpacking, unpackArchive } from '../../storage/scope/unpack.ts';
import type { ByteString } from '../../storage/tar/header.ts';
import { printWarning } from '../print/diagnostics.ts';
import type { Output } from '../print/output.ts';
import { asksForDirectory, type CopyFlags, inContainer } from './arguments.ts';

/** `cp CONTAINER:SRC DEST|-`, with Docker's rules of what is copied where. */
export async function copyFrom(
  containers: Containers,
  output: Output,
  { container, path: given }: { container: string; path: string },
  destination: string,
  { followLink }: CopyFlags,
): Promise<void> {
  const { source, name } = await followed(containers, container, given, followLink);
  const { kind } = await statOf(containers, container, source);
  if (kind === 'missing') throw noSuchPath(container, source);
  const archive = containers.archive(container, source);
  if (destination === '-') {
    for await (const chunk of archive) output.out(chunk);
    return;
  }
  const scope = new Scope('/');
  try {
    const to = place(scope, destination, kind === 'directory');
    const top = topName(source);
    const unpacking: Unpacking = {
      scope,
      at: to.at,
      // A directory that exists gets the source in it, by its own name; else the source becomes what was named.
      rename: member => renamed(member, top, to.name ?? name),
      owner: 'caller',
      followsLinks: false,
      guard: new DiskGuard(pathIn(to.at), `copying to ${destination}`, 0),
      leavesOut: (member, what) => printWarning(output, `${member} is ${what} and is not copied to the host`),
    };
    await unpackArchive(unpacking, archive);
  } finally {
    scope.close();
  }
}

/** With `-L` what a link leads to, under the link's name. */
async function followed(containers: Containers, container: string, given: string, followLink: boolean) {
  const top = topName(given);
  if (!followLink || (await statOf(containers, container, given)).kind !== 'link') return { source: given, name: top };
  const { path: source } = await statOf(containers, container, given, { followLink: true });
  return { source, name: top };
}

/** What the user named is what is missing, although it may be a directory above it. */
async function statOf(containers: Containers, container: string, given: string, options?: { followLink: boolean }) {
  try {
    return await inContainer(container, given, () => containers.statPath(container, given, options));
  } catch (error) {
    throw error instanceof MinidockError && error.code === 'no-such-file' ? noSuchPath(container, given) : error;
  }
}

const noSuchPath = (container: string, given: string) =>
  new MinidockError('no-such-file', `No such container:path: ${container}:${given}`);

/** The directory of the host that is unpacked into, and what the top is called there; without a name it keeps its own. */
function place(
  scope: Scope,
  destination: string,
  isDirectory: boolean,
): { at: readonly ByteString[]; name: ByteString | undefined } {
  const absolute = path.resolve(destination);
  const parent = path.dirname(absolute);
  const wantsDirectory = asksForDirectory(destination);
  const found = orMissing(() => scope.locate(byteString(absolute), { followLast: true }));
  if (found === undefined)
    throw new MinidockError('invalid-output', `invalid output path: directory "${parent}" does not exist`);
  const { names, stats } = found;
  if (stats?.isDirectory()) return { at: names, name: undefined };
  if (stats !== undefined && !stats.isFile())
    throw new MinidockError(
      'invalid-output',
      `invalid output path: "${absolute}" must be a directory or a regular file`,
    );
  if (stats !== undefined && wantsDirectory) throw new MinidockError('not-a-directory', 'not a directory');
  if (stats !== undefined && isDirectory) throw new MinidockError('cannot-overwrite', 'cannot copy directory');
  if (stats === undefined && wantsDirectory && !isDirectory)
    throw new MinidockError('no-such-file', 'no such directory', { fix: `create ${absolute} first` });
  return { at: names.slice(0, -1), name: names.at(-1)! };
}

function orMissing(locate: () => Located): Located | undefined {
  try {
    return locate();
  } catch (error) {
    if (error instanceof MinidockError && error.code === 'no-such-file') return undefined;
    throw error;
  }
}

function renamed(member: ByteString, top: ByteString, name: ByteString): ByteString {
  const clean = member.replace(/(?<=.)\/$/, '');
  const rest = clean === top ? '' : clean.slice(top.length + (top.endsWith('/') ? 0 : 1));
  // What a root or `/.` holds goes into a directory as it is.
  const base = name === '/' || name === '.' ? '' : name;
  return base === '' || rest === '' ? `${base}${rest}` : `${base}/${rest}`;
}
