import fs from 'node:fs';
import path from 'node:path';
import { writtenBytes } from '../../container/size.ts';
import { volumeGrave } from '../../container/volume-content.ts';
import { listIfPresent } from '../../state/files.ts';
import { recordEvent } from '../../state/journal.ts';
import { withLock } from '../../state/lock.ts';
import { enginePaths } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import type { EngineContext } from '../context.ts';
import type { PrunedVolumes } from '../nouns/volumes.ts';
import { volumesInUse } from './in-use.ts';

/**
 * Removes the volumes that no container has. They are renamed away under the lock under which containers are entered
 * (`createContainer` then makes new ones), and deleted after the lock is released.
 */
export async function pruneVolumes(context: EngineContext): Promise<PrunedVolumes> {
  const { allocation, volumes } = enginePaths(context.roots);
  const names: string[] = [];
  const grave = volumeGrave(volumes);
  try {
    await withLock(allocation, () => {
      const used = volumesInUse(context);
      const unused = listIfPresent(volumes).filter(name => !name.startsWith('.') && !used.has(name));
      for (const name of unused) fs.renameSync(path.join(volumes, name), path.join(grave, name));
      names.push(...unused);
    });
    const bytes = names.reduce((sum, name) => sum + writtenBytes(path.join(grave, name)), 0);
    for (const name of names)
      recordEvent(context.roots, { type: 'volume', action: 'destroy', id: name, attributes: { driver: 'local' } });
    return { names, bytes };
  } finally {
    removeTree(grave);
  }
}
