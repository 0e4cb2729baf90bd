import path from 'node:path';
import { ensureLock } from '../state/lock.ts';
import { enginePaths } from '../state/paths.ts';
import { makeWorkingFolder } from '../state/working-folder.ts';
import type { Layout } from './layout.ts';

/**
 * A folder for a load, import or pull, beside the blobs. While it exists no garbage is collected (collect.ts). A
 * collection that was under way has ended when this resolves, so a part that is in the store now will stay. The caller
 * removes the folder.
 */
export async function beginWork(layout: Layout, kind: 'commit' | 'load' | 'import' | 'pull'): Promise<string> {
  // A collection takes this lock too.
  ensureLock(enginePaths({ root: path.dirname(layout.directory), execRoot: '' }).allocation);
  const folder = makeWorkingFolder(path.join(layout.directory, '.partial'), kind);
  await layout.locked(() => {});
  return folder;
}
