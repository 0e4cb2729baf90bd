import path from 'node:path';
import type { Roots } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { makeWorkingFolder, workingFolders } from '../../state/working-folder.ts';
import type { Containers } from '../nouns/containers.ts';

/** The label of a build's containers: it holds the name of the build's working folder, which identifies the process. */
export const buildLabel = 'org.minidock.build';

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
  /** The build is over. */
  end(): void;
}

/** Whether a build is at work. */
export const isBuilding = (roots: Roots): boolean => workingFolders(folderOf(roots), 'build').living.length > 0;

/** Says on disk that a build is at work, and removes containers and folders of builds that were killed. */
export async function beginBuild(roots: Roots, containers: Containers): Promise<BuildWork> {
  const { dead } = workingFolders(folderOf(roots), 'build');
  if (dead.length > 0) {
    const names = new Set(dead.map(folder => path.basename(folder)));
    const { containers: all } = await containers.list({ all: true });
    for (const { id, config } of all)
      if (names.has(config.Labels?.[buildLabel] ?? '')) await containers.remove(id, { force: true, volumes: true });
    for (const folder of dead) removeTree(folder);
  }
  for (const folder of workingFolders(memoryOf(roots), 'secrets').dead) removeTree(folder);
  const folder = makeWorkingFolder(folderOf(roots), 'build');
  let memory: string | undefined;
  return {
    name: path.basename(folder),
    folder,
    memory: () => (memory ??= makeWorkingFolder(memoryOf(roots), 'secrets')),
    end() {
      removeTree(folder);
      if (memory !== undefined) removeTree(memory);
    },
  };
}
