import { mediaTypes } from '../oci/media-types.ts';
import { compressionOf } from '../storage/compression/formats.ts';

/** The media type of a layer whose bytes begin with `head`; what no type is for, xz and bzip2, counts as plain. */
export function layerType(head: Buffer): string {
  const types: Record<string, string> = { gzip: mediaTypes.ociLayerGzip, zstd: mediaTypes.ociLayerZstd };
  return types[compressionOf(head)] ?? mediaTypes.ociLayer;
}
