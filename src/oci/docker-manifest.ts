import type { Descriptor } from './manifest.ts';
import { mediaTypes } from './media-types.ts';

type Blob = Pick<Descriptor, 'digest' | 'size'>;

/**
 * The manifest of an image in Docker's schema 2, which every client and every registry reads. Laid out as Docker's own client
 * writes it: the same blobs make the same bytes, and so the same digest.
 *
 * @param layers bottom first, of Docker's media types
 */
export function dockerManifest(config: Blob, layers: readonly Descriptor[]): Buffer {
  const described = (mediaType: string, { size, digest }: Blob) => ({ mediaType, size, digest });
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: described(mediaTypes.dockerConfig, config),
    layers: layers.map(layer => described(layer.mediaType, layer)),
  };
  return Buffer.from(JSON.stringify(document, null, 3));
}
