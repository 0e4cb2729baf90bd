import type { ImageRecord } from '../../../image/store.ts';
import { conform } from '../../go/conform.ts';
import { type Value, value } from '../../go/values.ts';
import { imageInspect } from './types.ts';

/** An image as Docker's API shows it (GET /images/{name}/json). */
export function inspectImage(image: ImageRecord): Value {
  const { document } = image;
  const [top, ...below] = [...image.layers].reverse();
  const written = conform(imageInspect, {
    Author: document.author,
    Comment: document.comment || image.history.at(-1)?.comment,
    Config: document.config ?? {},
    Container: document.container,
    ContainerConfig: document.container_config ?? {},
    DockerVersion: document.docker_version,
    OsVersion: document['os.version'],
    Variant: document.variant,
  });
  return value(imageInspect, {
    ...(written as object),
    Id: image.id,
    RepoTags: image.repoTags,
    RepoDigests: image.repoDigests,
    Parent: image.parent,
    Created: image.created,
    Architecture: image.architecture,
    Os: image.os,
    Size: image.size,
    VirtualSize: image.size,
    GraphDriver: {
      Data: {
        ...(below.length === 0 ? {} : { LowerDir: below.join(':') }),
        ...(top === undefined ? {} : { UpperDir: top }),
      },
      Name: 'overlay2',
    },
    RootFS: { Type: 'layers', Layers: image.diffIds },
    // When an image got its name is not written down: Go's zero time.
    Metadata: { LastTagTime: '0001-01-01T00:00:00Z' },
  });
}
