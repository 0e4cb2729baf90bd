import fs from 'node:fs';
import path from 'node:path';
import { writtenBytes } from '../../container/size.ts';
import { volumeGrave } from '../../container/volume-content.ts';
import { MinidockError } from '../../errors.ts';
import { hasLabels } from '../../image/match.ts';
import { withLock } from '../../state/lock.ts';
import { enginePaths } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import type { EngineContext } from '../context.ts';
import type { PrunedVolumes, Volume, VolumePruneFilter } from '../nouns/volumes.ts';
import { tellPruned } from '../system/pruned.ts';
import { tellVolume } from './events.ts';
import { listVolumes, noSuchVolume } from './list.ts';

/** Removes one volume. Throws `volume-in-use`, and `no-such-volume` unless `force`. */
export async function removeVolume(context: EngineContext, name: string, { force }: { force: boolean }): Promise<void> {
  const { names } = await takeAway(context, all => {
    const volume = all.find(one => one.name === name);
    if (volume === undefined && !force) throw noSuchVolume(name);
    if (volume !== undefined && volume.containers.length > 0) throw inUse(volume);
    return volume === undefined ? [] : [volume];
  });
  for (const one of names) tellVolume(context.roots, 'destroy', one);
}

/** Removes the volumes that no container has and that meet the filter. */
export async function pruneVolumes(
  context: EngineContext,
  { anonymous = false, labels = [], withoutLabels = [] }: VolumePruneFilter,
): Promise<PrunedVolumes> {
  const pruned = await takeAway(context, all =>
    all.filter(volume => {
      const labelled = { config: { Labels: { ...volume.labels } } };
      return (
        volume.containers.length === 0 &&
        // Anonymous volumes: their names were chosen by us, 64 hexadecimal digits.
        (!anonymous || /^[0-9a-f]{64}$/.test(volume.name)) &&
        hasLabels(labelled, labels) &&
        !withoutLabels.some(label => hasLabels(labelled, [label]))
      );
    }),
  );
  // As in Docker there is one event for all of them, and none for each.
  tellPruned(context.roots, 'volume', pruned.bytes);
  return pruned;
}

/**
 * Volumes are renamed away under the lock that also guards the creation of containers (a container made afterwards gets new
 * ones), and deleted once it is released.
 */
async function takeAway(
  context: EngineContext,
  choose: (all: readonly Volume[]) => readonly Volume[],
): Promise<PrunedVolumes> {
  const { allocation, volumes } = enginePaths(context.roots);
  const names: string[] = [];
  const grave = volumeGrave(volumes);
  try {
    await withLock(allocation, () => {
      for (const { name } of choose(listVolumes(context))) {
        fs.renameSync(path.join(volumes, name), path.join(grave, name));
        names.push(name);
      }
    });
    const bytes = names.reduce((sum, name) => sum + writtenBytes(path.join(grave, name, '_data')), 0);
    return { names, bytes };
  } finally {
    removeTree(grave);
  }
}

function inUse({ name, containers }: Volume): MinidockError {
  const [first = ''] = containers;
  return new MinidockError('volume-in-use', `remove ${name}: volume is in use - [${containers.join(', ')}]`, {
    fix: `remove its containers first: minidock rm ${first.slice(0, 12)}`,
  });
}
