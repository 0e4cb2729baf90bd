import { readName } from '../../../container/names.ts';
import { MinidockError } from '../../../errors.ts';
import { withLock } from '../../../state/lock.ts';
import { enginePaths } from '../../../state/paths.ts';
import type { EngineContext } from '../../context.ts';
import { tell } from '../events.ts';
import { noSuchContainer, withContainerLock } from '../lock.ts';
import { reap } from '../reap.ts';

/** Gives a container another name. Throws `invalid-name`, `name-in-use`, `conflict`. */
export async function renameContainer(context: EngineContext, id: string, wanted: string): Promise<void> {
  const { store } = context;
  // Docker's message has the slash that its API writes before a name.
  const name = readName(`/${wanted.replace(/^\//, '')}`);
  await withContainerLock(context, id, async () => {
    // Should it have ended just now, that happened to the name that it had.
    await reap(context, id);
    await withLock(enginePaths(context.roots).allocation, () => {
      const record = store.read(id);
      if (record === undefined) throw noSuchContainer(id);
      const before = record.name;
      if (before === name)
        throw new MinidockError('conflict', 'Renaming a container with the same name as its current name');
      store.checkFree(name);
      // Until the record has the new name it is only a second link, which the next sweep would remove.
      store.takeName(name, id);
      store.write({ ...record, name });
      store.releaseName(before, id);
      tell(context, { ...record, name }, 'rename', { oldName: `/${before}` });
    });
  });
}
