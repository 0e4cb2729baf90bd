import { repoDigestOf } from '../../image/entries.ts';
import type { Layout } from '../../image/layout.ts';
import { type Digest, isDigest } from '../../oci/digest.ts';
import { type Manifest, maxManifestSize, parseManifest } from '../../oci/manifest.ts';
import { mediaTypes } from '../../oci/media-types.ts';

/** Layers that every registry and client expects. */
const compressedTypes: readonly string[] = [
  mediaTypes.ociLayerGzip,
  mediaTypes.ociLayerZstd,
  mediaTypes.dockerLayerGzip,
];

/**
 * Whether an image goes to registries with the very manifest that it has here. What a registry has served always does, so
 * that its digest is the same everywhere; and so does what was made or loaded here with compressed layers. The rest is
 * compressed on its way, and gets a manifest in Docker's schema 2, as from Docker.
 */
export function goesAsItIs(layout: Layout, digest: Digest, manifest: Manifest): boolean {
  return manifest.layers.every(({ mediaType }) => compressedTypes.includes(mediaType)) || wasServed(layout, digest);
}

/** Whether a registry has served this manifest: by its own digest, or in an index. */
function wasServed(layout: Layout, digest: Digest): boolean {
  return layout.entries().some(entry => {
    const served = entry.digest === digest ? repoDigestOf(entry)?.split('@')[1] : undefined;
    if (!isDigest(served)) return false;
    return served === digest || isInIndex(layout, served, digest);
  });
}

/** An index that a registry served is kept. A manifest that was made for a push is not. */
function isInIndex(layout: Layout, index: Digest, digest: Digest): boolean {
  if (!layout.has(index)) return false;
  const document = parseManifest(layout.read(index, maxManifestSize), undefined, `blob ${index}`);
  return document.kind === 'index' && document.manifests.some(image => image.digest === digest);
}
