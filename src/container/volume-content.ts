import fs from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../errors.ts';
import { removeTree, removeTrees } from '../state/remove-tree.ts';
import { makeWorkingFolder, workingFolders } from '../state/working-folder.ts';
import { copyUp } from '../storage/copy/copy-up.ts';
import { singleFlight } from '../storage/single-flight.ts';
import { type VolumeNotes, writeNotes } from './volume-notes.ts';

/** What is copied into an empty volume: the content of these layers at `source`. */
interface Content {
  layers: readonly string[];
  source: string;
}

/** Marks what a killed process left; no volume's name begins with a dot. */
const unfinished = '.new';

/**
 * Makes a volume, or fills one that is empty, as Docker does at each use. A new one is filled under another name and renamed,
 * so that each of several containers that start at once sees it complete. Resolves to whether this call made it, with the
 * notes.
 */
export async function ensureVolume(
  directory: string,
  name: string,
  content: Content,
  notes?: VolumeNotes,
): Promise<boolean> {
  const data = path.join(directory, name, '_data');
  if (!fs.existsSync(data)) return await makeVolume(directory, name, content, notes);
  const isFull = () => fs.readdirSync(data).length > 0;
  if (content.layers.length === 0 || isFull()) return false;
  await singleFlight(path.join(directory, `.lock-${name}`), isFull, () =>
    withCopy(directory, name, content, copy => moveInto(data, copy)),
  );
  return false;
}

/** A folder for volumes that are to be deleted. What a killed process leaves in it is swept. */
export function volumeGrave(directory: string): string {
  return makeWorkingFolder(directory, unfinished);
}

/** Removes volumes that processes which have ended left unfinished. What cannot be removed is left for the next time. */
export function sweepVolumes(directory: string): void {
  removeTrees(workingFolders(directory, unfinished).dead);
}

async function makeVolume(
  directory: string,
  name: string,
  content: Content,
  notes: VolumeNotes | undefined,
): Promise<boolean> {
  let isOurs = false;
  await withCopy(directory, name, content, copy => {
    const folder = path.dirname(copy);
    if (notes !== undefined) writeNotes(folder, notes);
    try {
      fs.renameSync(folder, path.join(directory, name));
      isOurs = true;
    } catch (error) {
      if (errnoOf(error) !== 'ENOTEMPTY' && errnoOf(error) !== 'EEXIST') throw error;
    }
  });
  return isOurs;
}

/**
 * Calls `use` with a directory that holds the content: `_data`, in a folder on the volumes' own file system, so that it can be
 * renamed.
 */
async function withCopy(
  directory: string,
  name: string,
  { layers, source }: Content,
  use: (copy: string) => void,
): Promise<void> {
  const folder = makeWorkingFolder(directory, unfinished);
  try {
    const copy = path.join(folder, '_data');
    fs.mkdirSync(copy);
    // Independent of the caller's umask: users of the container must get in.
    fs.chmodSync(copy, 0o755);
    await copyUp(layers, source, copy, `copying ${source} of the image into volume ${name}`);
    use(copy);
  } finally {
    removeTree(folder);
  }
}

/**
 * Renames the topmost entries. A container may have mounted the volume already and write to it at this moment: no path below
 * the top is resolved, and entries that exist by now stay.
 */
function moveInto(data: string, copy: string): void {
  for (const name of fs.readdirSync(copy, 'buffer')) {
    const [from, to] = [copy, data].map(folder => Buffer.concat([Buffer.from(`${folder}/`), name])) as [Buffer, Buffer];
    if (fs.lstatSync(to, { throwIfNoEntry: false }) === undefined) fs.renameSync(from, to);
  }
  const { mode, uid, gid, mtime } = fs.statSync(copy);
  fs.chownSync(data, uid, gid);
  fs.chmodSync(data, mode & 0o7777);
  fs.utimesSync(data, mtime, mtime);
}
