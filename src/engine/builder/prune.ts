import path from 'node:path';
import { BuildCache } from '../../build/cache.ts';
import { cachesOf } from '../../build/mount/cache.ts';
import { ImageStore } from '../../image/store.ts';
import type { Roots } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import type { BuildPruneOptions, CachedBuild, PrunedBuilds } from '../nouns/builder.ts';
import type { Containers } from '../nouns/containers.ts';
import type { Images } from '../nouns/images.ts';
import { cacheUsage } from './cache-usage.ts';
import { isBuilding } from './leftovers.ts';

/**
 * Forgets steps and removes the images that only they held, and what caches of RUN keep. What images with a name need is kept, unless
 * `all` is told: then it is forgotten, and the images stay.
 */
export async function pruneBuilds(
  roots: Roots,
  nouns: { containers: Containers; images: Images },
  { all, until = [], keepBytes = 0 }: BuildPruneOptions,
): Promise<PrunedBuilds> {
  const store = new ImageStore(roots.root);
  const { containers } = await nouns.containers.list({ all: true });
  const images = store.list(() => {});
  const cached = cacheUsage(roots.root, images, new Set(containers.map(({ imageId }) => imageId)));
  // What runs may have a cache mounted, and stands on steps that have no name yet.
  const candidates = isBuilding(roots)
    ? []
    : cached.filter(({ inUse, time }) => (all || !inUse) && until.every(limit => time <= limit));
  const chosen = beyond(candidates, keepBytes);
  const cache = new BuildCache(roots.root);
  for (const { id, kind } of chosen)
    if (kind === 'step') cache.forget(id);
    else for (const name of [id, `${id}.lock`]) removeTree(path.join(cachesOf(roots.root), name));
  const parents = new Map(images.map(({ id, parent }) => [id, parent]));
  const depth = (id: string): number => {
    const parent = parents.get(id as `sha256:${string}`);
    return parent === undefined ? 0 : 1 + depth(parent);
  };
  // Those on top first: an image stays for as long as another is made from it.
  const unused = [...new Set(chosen.flatMap(({ image, inUse }) => (image === undefined || inUse ? [] : [image])))]
    .filter(id => parents.has(id as `sha256:${string}`))
    .sort((a, b) => depth(b) - depth(a));
  const removed = unused.length === 0 ? undefined : await nouns.images.remove(unused, { force: false, prune: false });
  const mounts = chosen.filter(({ kind }) => kind === 'mount');
  const bytes = (removed?.bytes ?? 0) + mounts.reduce((sum, one) => sum + one.bytes, 0);
  return { ids: chosen.map(({ id }) => id), bytes };
}

/** The oldest entries, so many that the rest takes no more than `keepBytes`. */
function beyond(cached: readonly CachedBuild[], keepBytes: number): readonly CachedBuild[] {
  if (keepBytes === 0) return cached;
  const oldestFirst = [...cached].sort((a, b) => a.time - b.time);
  let left = cached.reduce((sum, { bytes }) => sum + bytes, 0);
  return oldestFirst.filter(({ bytes }) => {
    const goes = left > keepBytes;
    if (goes) left -= bytes;
    return goes;
  });
}
