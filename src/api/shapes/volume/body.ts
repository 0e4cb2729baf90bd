import type { VolumeCreation } from '../../../engine/nouns/volumes.ts';
import { string, stringMap, struct } from '../../go/types.ts';
import { decodeBody } from '../body.ts';

const type = struct('volume.VolumeCreateBody', {
  Driver: string,
  DriverOpts: stringMap,
  Labels: stringMap,
  Name: string,
});

interface VolumeBody {
  readonly Driver?: string;
  readonly DriverOpts?: Readonly<Record<string, string>> | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly Name?: string;
}

/** The body of POST /volumes/create. @throws {MinidockError} `invalid-argument`, in Go's words */
export function decodeVolume(json: string): VolumeCreation {
  const { Name, Driver, DriverOpts, Labels } = decodeBody<VolumeBody>(type, json);
  return {
    ...(Name && { name: Name }),
    ...(Driver && { driver: Driver }),
    ...(Labels && { labels: Labels }),
    ...(DriverOpts && { options: DriverOpts }),
  };
}
