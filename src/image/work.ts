import path from 'node:path';
import { ensureLock } from '../state/lock.ts';
import { enginePaths } from '../state/paths.ts';
import { makeWorkingFolder } from '../state/working-folder.ts';
import type { Layout } from './layout.ts';

/**
 * A folder for a load, import or pull, beside the blobs. While it is there nothing is collected (collect.ts), and what was being
 * collected when it was made is gone when this resolves: whoever finds a part in the store now will find it later. The
 * caller removes the folder.
 */
export async function beginWork(layout: Layout, kind: 'load' | 'import' | 'pull'): Promise<string> {
  // To remove what is about to be stored takes this lock as well.
  ensureLock(enginePaths({ root: path.dirname(layout.directory), execRoot: '' }).allocation);
  const folder = makeWorkingFolder(path.join(layout.directory, '.partial'), kind);
  await layout.locked(() => {});
  return folder;
}
