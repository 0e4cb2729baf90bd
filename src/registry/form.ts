import { createHash } from 'node:crypto';
import { repoDigestOf } from '../image/entries.ts';
import type { Layout } from '../image/layout.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { dockerManifest, isOwn } from '../oci/forms.ts';
import { type Manifest, maxManifestSize, parseManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';

/** Layers that every registry and client expects. */
const compressedTypes: readonly string[] = [
  mediaTypes.ociLayerGzip,
  mediaTypes.ociLayerZstd,
  mediaTypes.dockerLayerGzip,
];

/**
 * Whether an image goes to registries with the very manifest that it has here: what a registry has served does, so that its
 * digest is the same everywhere, and what came in an archive with a manifest of its own and compressed layers. The rest goes in
 * Docker's schema 2, its layers compressed with gzip, as from Docker. See docs/decisions/0013-what-is-pushed.md.
 */
export function goesAsItIs(layout: Layout, digest: Digest, manifest: Manifest): boolean {
  const isCompressed = manifest.layers.every(({ mediaType }) => compressedTypes.includes(mediaType));
  return (isCompressed && !isOwn(manifest)) || wasServed(layout, digest);
}

/** For clients that know Docker's schema 2 alone: the manifest of an image that was made here, in that form. */
export function dockerForm(
  layout: Layout,
  digest: Digest,
): { mediaType: string; digest: Digest; content: Buffer } | undefined {
  if (!layout.has(digest)) return undefined;
  const manifest = parseManifest(layout.read(digest, maxManifestSize), undefined, `blob ${digest}`);
  if (manifest.kind !== 'manifest' || goesAsItIs(layout, digest, manifest)) return undefined;
  const { mediaType, content } = dockerManifest(manifest.config, manifest.layers);
  return { mediaType, digest: `sha256:${createHash('sha256').update(content).digest('hex')}`, content };
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
