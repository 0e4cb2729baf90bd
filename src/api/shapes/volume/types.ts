import { int64, omitEmpty, pointer, string, stringMap, struct } from '../../go/types.ts';

/** What Docker's API, version 1.41, answers to GET /volumes/{name}. */
export const volumeInspect = struct('types.Volume', {
  CreatedAt: omitEmpty(string),
  Driver: string,
  Labels: stringMap,
  Mountpoint: string,
  Name: string,
  Options: stringMap,
  Scope: string,
  Status: omitEmpty(stringMap),
  UsageData: omitEmpty(pointer(struct('types.VolumeUsageData', { RefCount: int64, Size: int64 }))),
});
