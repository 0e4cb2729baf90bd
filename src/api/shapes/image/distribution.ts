import type { RemoteManifest } from '../../../registry/inspect-manifest.ts';
import { int64, key, omitEmpty, slice, string, struct } from '../../go/types.ts';
import { type Value, value } from '../../go/values.ts';

const descriptor = struct('v1.Descriptor', {
  MediaType: omitEmpty(string, 'mediaType'),
  Digest: key('digest', string),
  Size: key('size', int64),
});

const platform = struct('v1.Platform', {
  Architecture: key('architecture', string),
  OS: key('os', string),
  Variant: omitEmpty(string, 'variant'),
});

/** What Docker's API, version 1.41, answers to GET /distribution/{name}/json. */
const inspect = struct('registry.DistributionInspect', { Descriptor: descriptor, Platforms: slice(platform) });

export const distributionInspect = ({
  top,
  images,
}: {
  top: RemoteManifest;
  images: readonly RemoteManifest[];
}): Value =>
  value(inspect, {
    Descriptor: { mediaType: top.mediaType, digest: top.digest, size: top.content.length },
    Platforms: images.flatMap(({ platform }) => (platform === undefined ? [] : [platform])),
  });
