import fs from 'node:fs';
import path from 'node:path';
import { errnoOf } from '../errors.ts';
import { removeTree, removeTrees } from '../state/remove-tree.ts';
import { makeWorkingFolder, workingFolders } from '../state/working-folder.ts';
import { copyUp } from '../storage/copy/copy-up.ts';
import { singleFlight } from '../storage/single-flight.ts';
import { type VolumeNotes, writeNotes } from './volume-notes.ts';

/** What a volume gets where it is empty: what these layers have at `source`. */
interface Content {
  layers: readonly string[];
  source: string;
}

/** Marks what a killed process left; no volume's name begins with a dot. */
const unfinished = '.new';

/**
 * Makes a volume, or fills one that is empty, as Docker does at each use. A new one is filled beside its place and renamed:
 * of containers that start at once each sees it whole. Resolves to whether it was made by this call, with the notes.
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

/** A folder beside the volumes for those that are to be deleted; what a killed process leaves of it is swept. */
export function volumeGrave(directory: string): string {
  return makeWorkingFolder(directory, unfinished);
}

/** Removes what processes that are gone began to make; what cannot be removed is left for the next time. */
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

/** Calls `use` with a directory beside the volumes, `_data` in a folder of its own, that holds the content. */
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
 * By renaming what lies at the top. A container may have the volume already and write to it at this moment: no path below
 * its top is walked, and what is there by now stays.
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
