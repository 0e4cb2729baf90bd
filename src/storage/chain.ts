import { createHash } from 'node:crypto';
import { type Digest, hexOf } from '../oci/digest.ts';

/**
 * The chain ID of each layer, bottom first (OCI image-spec config.md, "Layer ChainID"): it names a layer *on top of what
 * lies below*, so two images share an unpacked layer exactly where they share everything under it.
 */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : onTop(below, diffId));
  }
  return chain;
}

/** Images share layers, and each step of a build has those of all before it: a pair is hashed once. */
const known = new Map<string, Digest>();

function onTop(below: Digest, diffId: Digest): Digest {
  const pair = `${below} ${diffId}`;
  const chainId = known.get(pair) ?? (`sha256:${createHash('sha256').update(pair).digest('hex')}` as const);
  known.set(pair, chainId);
  return chainId;
}

/** Where a layer's files are under the engine's root, as overlayfs takes them. */
export function layerDirectory(root: string, chainId: Digest): string {
  return `${root}/layers/${hexOf(chainId)}/diff`;
}
