import type { DiskUsage } from '../../../engine/nouns/system.ts';
import { bool, int, int64, key, pointer, slice, string, struct } from '../../go/types.ts';
import { type Value, value } from '../../go/values.ts';
import { containerSummary, summaryOf } from '../container/summary.ts';
import { imageSummary, summaryOfImage } from '../image/list.ts';
import { inspectVolume } from '../volume/inspect.ts';
import { volumeInspect } from '../volume/types.ts';

const cached = struct('types.BuildCache', {
  ID: string,
  Parent: string,
  Type: string,
  Description: string,
  InUse: bool,
  Shared: bool,
  Size: int64,
  CreatedAt: string,
  LastUsedAt: pointer(string),
  UsageCount: int,
});

/** What Docker's API, version 1.41, answers to GET /system/df. */
const usage = struct('types.DiskUsage', {
  LayersSize: int64,
  Images: slice(pointer(imageSummary)),
  Containers: slice(pointer(containerSummary)),
  Volumes: slice(pointer(volumeInspect)),
  BuildCache: slice(pointer(cached)),
  BuilderSize: key('BuilderSize', int64),
});

export function diskUsageShape({ images, layerBytes, containers, networks, volumes, buildCache }: DiskUsage): Value {
  const now = Date.now();
  return value(usage, {
    LayersSize: layerBytes,
    Images: images.map(({ image, sharedBytes, containers }) => ({
      ...summaryOfImage({ image, tags: image.repoTags, onlyTags: false }),
      Containers: containers,
      SharedSize: sharedBytes,
    })),
    Containers: containers.map(({ record, bytes, imageBytes = 0 }) => ({
      ...summaryOf(record, { now, networks }),
      SizeRw: bytes,
      SizeRootFs: bytes + imageBytes,
    })),
    Volumes: volumes.map(({ volume, bytes, links }) => ({
      ...(inspectVolume(volume).data as object),
      UsageData: { RefCount: links, Size: bytes },
    })),
    BuildCache: buildCache.map(({ id, kind, what, bytes, time, inUse }) => ({
      ID: id,
      Type: kind === 'step' ? 'regular' : 'exec.cachemount',
      Description: what,
      InUse: inUse,
      Shared: inUse,
      Size: bytes,
      CreatedAt: new Date(time).toISOString(),
    })),
    BuilderSize: buildCache.reduce((sum, { bytes }) => sum + bytes, 0),
  });
}
