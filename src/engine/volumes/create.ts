import { ensureVolume } from '../../container/volume-content.ts';
import { checkDriver, checkDriverOptions } from '../../container/volume-driver.ts';
import { checkVolumeName } from '../../container/volumes.ts';
import { MinidockError } from '../../errors.ts';
import { randomHex } from '../../host/random.ts';
import { enginePaths } from '../../state/paths.ts';
import { privateDirectory } from '../../state/private.ts';
import type { EngineContext } from '../context.ts';
import type { Volume, VolumeCreation } from '../nouns/volumes.ts';
import { tellVolume } from './events.ts';
import { findVolume } from './list.ts';

/** Makes a volume, or finds the one of this name. */
export async function createVolume(
  context: EngineContext,
  { name, driver, labels = {}, options }: VolumeCreation,
): Promise<Volume> {
  const called = name || randomHex(32);
  checkDriver(driver, called);
  checkVolumeName(called);
  checkDriverOptions(options ?? {}, called);
  const { volumes } = enginePaths(context.roots);
  privateDirectory(volumes);
  await ensureVolume(volumes, called, { layers: [], source: '/' }, { labels, ...(options && { options }) });
  // Docker writes this event for a volume that existed before, too.
  tellVolume(context.roots, 'create', called);
  try {
    return findVolume(context, called);
  } catch (error) {
    throw new MinidockError('file-changed', `volume ${called} was removed while it was made`, {
      fix: 'run the command again',
      cause: error,
    });
  }
}
