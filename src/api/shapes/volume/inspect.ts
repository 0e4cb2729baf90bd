import type { Volume } from '../../../engine/nouns/volumes.ts';
import { type Value, value } from '../../go/values.ts';
import { volumeInspect } from './types.ts';

/** A volume as Docker's API shows it (GET /volumes/{name}). */
export function inspectVolume({ name, mountpoint, created, labels, options }: Volume): Value {
  return value(volumeInspect, {
    CreatedAt: created,
    Driver: 'local',
    Labels: labels ?? null,
    Mountpoint: mountpoint,
    Name: name,
    Options: options ?? null,
    Scope: 'local',
  });
}
