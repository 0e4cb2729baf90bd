import type { Volume } from '../../../engine/nouns/volumes.ts';
import type { Row } from '../../print/listing.ts';

/** The first line of `volume ls`, and the key of each column in templates. */
export const volumeHeadings: Row = {
  Driver: 'DRIVER',
  Name: 'VOLUME NAME',
  Scope: 'SCOPE',
  Mountpoint: 'MOUNTPOINT',
  Labels: 'LABELS',
  Links: 'LINKS',
  Size: 'SIZE',
};

/** What `--format raw` prints of a volume. */
export const rawVolume = 'name: {{.Name}}\ndriver: {{.Driver}}\n';

export function volumeRow({ name, mountpoint, labels = {} }: Volume): Row {
  return {
    Driver: 'local',
    Name: name,
    Scope: 'local',
    Mountpoint: mountpoint,
    Labels: Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(','),
    // What Docker's client says where it did not ask.
    Links: 'N/A',
    Size: 'N/A',
  };
}
