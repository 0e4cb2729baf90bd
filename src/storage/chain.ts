import { createHash } from 'node:crypto';
import path from 'node:path';
import { type Digest, hexOf } from '../oci/digest.ts';

/**
 * The chain ID of each layer, bottom first (OCI image-spec config.md, "Layer ChainID"): it names a layer *on top of what
 * lies below*, so two images share an unpacked layer exactly where they share everything under it.
 */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(
      below === undefined ? diffId : `sha256:${createHash('sha256').update(`${below} ${diffId}`).digest('hex')}`,
    );
  }
  return chain;
}

/** Where a layer's files are under the engine's root, as overlayfs takes them. */
export function layerDirectory(root: string, chainId: Digest): string {
  return path.join(root, 'layers', hexOf(chainId), 'diff');
}
