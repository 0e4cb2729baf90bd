import type { DiskUsage } from '../../../engine/nouns/system.ts';
import { int64, key, omitEmpty, pointer, slice, string, stringMap, struct } from '../../go/types.ts';
import { type Value, value } from '../../go/values.ts';
import { containerSummary, summaryOf } from '../container/summary.ts';
import { imageSummary, summaryOfImage } from '../image/list.ts';

const volume = struct('types.Volume', {
  Driver: string,
  Labels: stringMap,
  Mountpoint: string,
  Name: string,
  Options: stringMap,
  Scope: string,
  UsageData: omitEmpty(pointer(struct('types.VolumeUsageData', { RefCount: int64, Size: int64 }))),
});

/** What Docker's API, version 1.41, answers to GET /system/df. */
const usage = struct('types.DiskUsage', {
  LayersSize: int64,
  Images: slice(pointer(imageSummary)),
  Containers: slice(pointer(containerSummary)),
  Volumes: slice(pointer(volume)),
  BuildCache: slice(pointer(struct('types.BuildCache', { ID: string }))),
  BuilderSize: key('BuilderSize', int64),
});

export function diskUsageShape({ images, layerBytes, containers, volumes }: DiskUsage): Value {
  const now = Date.now();
  return value(usage, {
    LayersSize: layerBytes,
    Images: images.map(({ image, sharedBytes, containers }) => ({
      ...summaryOfImage({ image, tags: image.repoTags, onlyTags: false }),
      Containers: containers,
      SharedSize: sharedBytes,
    })),
    Containers: containers.map(({ record, bytes }) => ({ ...summaryOf(record, now), SizeRw: bytes })),
    Volumes: volumes.map(({ name, bytes, links }) => ({
      Driver: 'local',
      Name: name,
      Scope: 'local',
      UsageData: { RefCount: links, Size: bytes },
    })),
    BuildCache: [],
    BuilderSize: 0,
  });
}
