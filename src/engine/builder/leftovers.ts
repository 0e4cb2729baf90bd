import fs from 'node:fs';
import path from 'node:path';
import { listIfPresent } from '../../state/files.ts';
import type { Roots } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { makeWorkingFolder, workingFolders } from '../../state/working-folder.ts';
import type { Containers } from '../nouns/containers.ts';

/** The label of a build's containers: it holds the name of the build's working folder, which identifies the process. */
export const buildLabel = 'org.minidock.build';

/** How the folder of a build is called from its end on, if a container of it is still there: its process may live on. */
const owingPrefix = 'owing-';

const folderOf = ({ root }: Roots) => path.join(root, 'build', 'running');
const memoryOf = ({ execRoot }: Roots) => path.join(execRoot, 'build');

/** A build at work. */
export interface BuildWork {
  /** For the label of its containers. */
  readonly name: string;
  /** Its folder, on the disk of the images. */
  readonly folder: string;
  /** Makes one in memory, for secrets. */
  memory(): string;
  /** A container of it could not be removed: the next build does that. */
  owesRemoval(): void;
  /** The build is over. */
  end(): void;
}

/** Whether a build is at work. */
export const isBuilding = (roots: Roots): boolean => workingFolders(folderOf(roots), 'build').living.length > 0;

/** Says on disk that a build is at work, and removes containers and folders of builds that were killed, or could not remove them. */
export async function beginBuild(roots: Roots, containers: Containers): Promise<BuildWork> {
  const parent = folderOf(roots);
  const owing = listIfPresent(parent).filter(name => name.startsWith(owingPrefix));
  const dead = [...workingFolders(parent, 'build').dead, ...owing.map(name => path.join(parent, name))];
  if (dead.length > 0) {
    const names = new Set(dead.map(folder => path.basename(folder).replace(owingPrefix, '')));
    const { containers: all } = await containers.list({ all: true });
    for (const { id, config } of all)
      if (names.has(config.Labels?.[buildLabel] ?? '')) await containers.remove(id, { force: true, volumes: true });
    for (const folder of dead) removeTree(folder);
  }
  for (const folder of workingFolders(memoryOf(roots), 'secrets').dead) removeTree(folder);
  const folder = makeWorkingFolder(parent, 'build');
  const name = path.basename(folder);
  let memory: string | undefined;
  let owes = false;
  return {
    name,
    folder,
    memory: () => (memory ??= makeWorkingFolder(memoryOf(roots), 'secrets')),
    owesRemoval() {
      owes = true;
    },
    end() {
      if (owes) {
        for (const content of listIfPresent(folder)) removeTree(path.join(folder, content));
        fs.renameSync(folder, path.join(parent, `${owingPrefix}${name}`));
      } else removeTree(folder);
      if (memory !== undefined) removeTree(memory);
    },
  };
}
