import { mediaTypes } from '../oci/media-types.ts';
import { compressionOf } from '../storage/compression/formats.ts';

/** Docker's media type for a layer whose bytes begin with `head`; what no type is for, xz and bzip2, counts as plain. */
export function layerType(head: Buffer): string {
  const types: Record<string, string> = { gzip: mediaTypes.dockerLayerGzip, zstd: mediaTypes.dockerLayerZstd };
  return types[compressionOf(head)] ?? mediaTypes.dockerLayer;
}
