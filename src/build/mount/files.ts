import fs from 'node:fs';
import path from 'node:path';
import { randomHex } from '../../host/random.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { byteString, textOf } from '../../storage/bytes.ts';
import { copyTree } from '../../storage/copy/tree.ts';
import { DiskGuard } from '../../storage/disk-guard.ts';
import { explainWrite } from '../../storage/failure.ts';
import { openRegular, resolve } from '../../storage/merged-view.ts';
import { Scope } from '../../storage/scope/scope.ts';
import { unpackArchive } from '../../storage/scope/unpack.ts';
import type { ByteString } from '../../storage/tar/header.ts';
import { membersOf, packLayer, packMembers } from '../copy/members.ts';
import type { Tree } from '../copy/tree.ts';
import type { After } from './asked.ts';

/** A path of the host for files of an image: where they lie in a layer, or a copy. Undefined where nothing is. */
export async function imageFiles(
  layers: readonly string[],
  source: string,
  how: 'look' | 'copy',
  folder: string,
  after: After,
): Promise<string | undefined> {
  const found = resolve(layers, byteString(path.posix.join('/', source)));
  if (found.kind === 'file') {
    if (how === 'look') return textOf(found.hostPath!);
    const file = path.join(makeFolder(folder, after), 'file');
    const fd = openRegular({ layer: found.layer!, host: found.hostPath! });
    try {
      const { mode, uid, gid } = fs.fstatSync(fd);
      fs.copyFileSync(`/proc/self/fd/${fd}`, file, fs.constants.COPYFILE_FICLONE);
      fs.chownSync(file, uid, gid);
      fs.chmodSync(file, mode & 0o7777);
    } finally {
      fs.closeSync(fd);
    }
    return file;
  }
  if (found.kind !== 'directory' || found.directories === undefined) return undefined;
  // A directory that one layer alone has is the same there.
  if (how === 'look' && found.directories.length === 1) return textOf(found.hostPath!);
  const made = makeFolder(folder, after);
  await fillFrom(found.directories, made, `copying ${source} for a mount`);
  return made;
}

/** Copies directories of layers, as they show through each other, into an empty one. */
export async function fillFrom(parts: Parameters<typeof copyTree>[0], directory: string, what: string): Promise<void> {
  try {
    await copyTree(parts, byteString(directory), new DiskGuard(directory, what));
  } catch (error) {
    throw explainWrite(error, what);
  }
}

/** A copy of files of the build context, all of it root's, as COPY makes it. */
export async function contextCopy(
  tree: Tree,
  names: readonly ByteString[],
  folder: string,
  after: After,
): Promise<string> {
  const made = makeFolder(folder, after);
  const isDirectory = tree.look(names)?.isDirectory() ?? false;
  const scope = new Scope(made);
  try {
    const members = membersOf(tree, names, isDirectory ? '' : 'file', {});
    const to = { scope, at: [], owner: 'archive', followsLinks: false } as const;
    await unpackArchive(to, packLayer([packMembers(members)]));
  } finally {
    scope.close();
  }
  return isDirectory ? made : path.join(made, 'file');
}

function makeFolder(folder: string, after: After): string {
  const made = path.join(folder, `mount-${randomHex(4)}`);
  fs.mkdirSync(made);
  fs.chmodSync(made, 0o755);
  after(() => removeTree(made));
  return made;
}
