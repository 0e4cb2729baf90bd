import { repoDigestOf } from '../../image/entries.ts';
import type { Layout } from '../../image/layout.ts';
import type { ImageStore } from '../../image/store.ts';
import type { Digest } from '../../oci/digest.ts';
import { maxConfigSize, parseConfig } from '../../oci/image-config.ts';
import { type Manifest, maxManifestSize, parseManifest } from '../../oci/manifest.ts';
import { parseName, type Reference } from '../../oci/reference.ts';
import { chainIds } from '../../storage/chain.ts';
import { readLayer } from '../../storage/layers.ts';

/** Which repositories of the same registry have each blob, as far as their images are known here. */
export function repositoriesHolding(
  { root, layout }: ImageStore,
  { domain, path }: Reference,
): Map<Digest, readonly string[]> {
  const holding = new Map<Digest, string[]>();
  const seen = new Set<string>();
  for (const entry of layout.entries()) {
    const served = repoDigestOf(entry);
    const from = served === undefined ? undefined : parseName(served);
    if (from === undefined || from.domain !== domain || from.path === path || !layout.has(entry.digest)) continue;
    // Each tag is an entry.
    const key = `${from.path} ${entry.digest}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const manifest = parseManifest(layout.read(entry.digest, maxManifestSize), undefined, `manifest ${entry.digest}`);
    if (manifest.kind !== 'manifest') continue;
    for (const digest of blobsOf(root, layout, manifest)) {
      const known = holding.get(digest) ?? [];
      if (!known.includes(from.path)) holding.set(digest, [...known, from.path]);
    }
  }
  return holding;
}

/** What a registry may hold of an image: its blobs, and its layers as a push has compressed them. */
function blobsOf(root: string, layout: Layout, { config, layers }: Manifest): Digest[] {
  const { rootfs } = parseConfig(layout.read(config.digest, maxConfigSize), `image ${config.digest}`);
  const compressed = chainIds(rootfs.diff_ids).map(chainId => readLayer(root, chainId)?.gzip?.digest);
  return [...layers.map(({ digest }) => digest), config.digest, ...compressed.filter(digest => digest !== undefined)];
}
