import fs from 'node:fs';
import path from 'node:path';
import { BuildCache } from '../../build/cache.ts';
import { cachesOf } from '../../build/mount/cache.ts';
import { writtenBytes } from '../../container/size.ts';
import type { ImageRecord } from '../../image/store.ts';
import { listIfPresent } from '../../state/files.ts';
import type { CachedBuild } from '../nouns/builder.ts';

/**
 * The contents of the build cache: steps, and directories of `--mount=type=cache`. A step is in use where an image with a name
 * or a container needs it; its bytes are then counted as the image's.
 *
 * @param used ids of images that containers have
 */
export function cacheUsage(root: string, images: readonly ImageRecord[], used: ReadonlySet<string>): CachedBuild[] {
  const byId = new Map<string, ImageRecord>(images.map(image => [image.id, image]));
  const needed = new Set<string>();
  for (const image of images)
    if (image.repoTags.length > 0 || image.repoDigests.length > 0 || used.has(image.id))
      for (let at: ImageRecord | undefined = image; at !== undefined && !needed.has(at.id); )
        at = enter(needed, at, byId);
  const counted = new Set<string>();
  const steps = new BuildCache(root).list().map(({ key, entry, time }): CachedBuild => {
    const image = byId.get(entry.image);
    const inUse = needed.has(entry.image);
    // Two keys may have come to the same image.
    const isCounted = image === undefined || inUse || counted.has(image.id);
    counted.add(entry.image);
    const below = image?.parent === undefined ? 0 : (byId.get(image.parent)?.size ?? 0);
    const bytes = isCounted ? 0 : Math.max(image.size - below, 0);
    return { id: key, kind: 'step', what: entry.instruction, bytes, time, inUse, image: entry.image };
  });
  return [...steps, ...mountUsage(root)];
}

function enter(
  needed: Set<string>,
  { id, parent }: ImageRecord,
  byId: ReadonlyMap<string, ImageRecord>,
): ImageRecord | undefined {
  needed.add(id);
  return parent === undefined ? undefined : byId.get(parent);
}

function mountUsage(root: string): CachedBuild[] {
  const folder = cachesOf(root);
  return listIfPresent(folder)
    .filter(name => /^[0-9a-f]{64}(\.\d+)?$/.test(name))
    .flatMap(name => {
      const stats = fs.statSync(path.join(folder, name), { throwIfNoEntry: false });
      if (stats === undefined) return [];
      const bytes = writtenBytes(path.join(folder, name));
      return [{ id: name, kind: 'mount', what: 'a cache of RUN --mount', bytes, time: stats.mtimeMs, inUse: false }];
    });
}
