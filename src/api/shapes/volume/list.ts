import type { PrunedVolumes, Volume } from '../../../engine/nouns/volumes.ts';
import { slice, strings, struct, uint64 } from '../../go/types.ts';
import { type Value, value } from '../../go/values.ts';
import { inspectVolume } from './inspect.ts';
import { volumeInspect } from './types.ts';

const list = struct('volume.VolumeListOKBody', { Volumes: slice(volumeInspect), Warnings: strings });

export const volumeList = (volumes: readonly Volume[]): Value =>
  value(list, { Volumes: volumes.map(volume => inspectVolume(volume).data), Warnings: null });

const pruned = struct('types.VolumesPruneReport', { VolumesDeleted: strings, SpaceReclaimed: uint64 });

export const prunedVolumes = ({ names, bytes }: PrunedVolumes): Value =>
  value(pruned, { VolumesDeleted: names, SpaceReclaimed: bytes });
