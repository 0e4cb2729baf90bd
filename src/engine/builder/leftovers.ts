import path from 'node:path';
import type { Roots } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { makeWorkingFolder, workingFolders } from '../../state/working-folder.ts';
import type { Containers } from '../nouns/containers.ts';

/** A label of the containers of a build: it names the build's working folder, and that the process at work. */
export const buildLabel = 'org.minidock.build';

const folderOf = ({ root }: Roots) => path.join(root, 'build', 'running');

/**
 * Says on disk that a build is at work, and removes the containers of builds that were killed. Returns the name for the label, and how
 * to say that the build is over.
 */
export async function beginBuild(roots: Roots, containers: Containers): Promise<{ name: string; end: () => void }> {
  const { dead } = workingFolders(folderOf(roots), 'build');
  if (dead.length > 0) {
    const names = new Set(dead.map(folder => path.basename(folder)));
    const { containers: all } = await containers.list({ all: true });
    for (const { id, config } of all)
      if (names.has(config.Labels?.[buildLabel] ?? '')) await containers.remove(id, { force: true, volumes: true });
    for (const folder of dead) removeTree(folder);
  }
  const folder = makeWorkingFolder(folderOf(roots), 'build');
  return { name: path.basename(folder), end: () => removeTree(folder) };
}
