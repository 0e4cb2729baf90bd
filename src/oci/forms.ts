import { annotationKeys } from './annotations.ts';
import type { Descriptor, Manifest } from './manifest.ts';
import { mediaTypes } from './media-types.ts';

type Blob = Pick<Descriptor, 'digest' | 'size'>;

/** What the OCI and Docker's schema 2 call the same layer. */
const layerTypePairs: readonly [oci: string, docker: string][] = [
  [mediaTypes.ociLayer, mediaTypes.dockerLayer],
  [mediaTypes.ociLayerGzip, mediaTypes.dockerLayerGzip],
  [mediaTypes.ociLayerZstd, mediaTypes.dockerLayerZstd],
];
const ociTypes = new Map(layerTypePairs.map(([oci, docker]) => [docker, oci]));
const dockerTypes = new Map(layerTypePairs);

/**
 * The manifest of an image that was made here: the OCI's, which every reader of a layout knows, with a word that it goes to
 * registries in Docker's form (`dockerManifest`).
 *
 * @param layers bottom first, of media types of either kind
 */
export function ownManifest(config: Blob, layers: readonly Descriptor[]): { mediaType: string; content: Buffer } {
  const described = (mediaType: string, { digest, size }: Blob) => ({ mediaType, digest, size });
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: described(mediaTypes.ociConfig, config),
    layers: layers.map(layer => described(ociTypes.get(layer.mediaType) ?? layer.mediaType, layer)),
    annotations: { [annotationKeys.pushedAs]: mediaTypes.dockerManifest },
  };
  return { mediaType: mediaTypes.ociManifest, content: Buffer.from(JSON.stringify(document)) };
}

/** Whether a manifest is one of `ownManifest`. */
export function isOwn({ annotations }: Manifest): boolean {
  return annotations?.[annotationKeys.pushedAs] === mediaTypes.dockerManifest;
}

/**
 * The same in Docker's schema 2, which every client and every registry reads, laid out as Docker's own client writes it: the
 * same blobs make the same bytes, and so the same digest.
 *
 * @param layers bottom first, of media types of either kind
 */
export function dockerManifest(config: Blob, layers: readonly Descriptor[]): { mediaType: string; content: Buffer } {
  const described = (mediaType: string, { size, digest }: Blob) => ({ mediaType, size, digest });
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: described(mediaTypes.dockerConfig, config),
    layers: layers.map(layer => described(dockerTypes.get(layer.mediaType) ?? layer.mediaType, layer)),
  };
  return { mediaType: mediaTypes.dockerManifest, content: Buffer.from(JSON.stringify(document, null, 3)) };
}
