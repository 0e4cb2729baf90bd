import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { chainIds, layerDirectory } from '../storage/chain.ts';
import { maxConfigSize, parseConfig } from './config.ts';
import { blobPath, type Digest } from './digest.ts';
import type { Layout } from './layout.ts';
import { type Descriptor, maxManifestSize, parseManifest } from './manifest.ts';

/** What an image is made of, in the store. */
export interface Parts {
  /** Manifest, config, layers as they were downloaded. */
  blobs: Digest[];
  /** Chain IDs of the unpacked layers. */
  layers: Digest[];
}

/** The parts of the image that a manifest describes; reads manifest and config from the store. */
export function partsOf(layout: Layout, { digest }: Pick<Descriptor, 'digest'>): Parts {
  const manifest = parseManifest(layout.read(digest, maxManifestSize), undefined, `manifest ${digest}`);
  if (manifest.kind === 'index') return { blobs: [digest], layers: [] };
  const config = parseConfig(layout.read(manifest.config.digest, maxConfigSize), `image ${manifest.config.digest}`);
  return {
    blobs: [digest, manifest.config.digest, ...manifest.layers.map(layer => layer.digest)],
    layers: chainIds(config.rootfs.diff_ids),
  };
}

/** Which of the parts are not there: blobs by their digest, layers by their chain ID. */
export function missingParts(root: string, layout: Layout, { blobs, layers }: Parts): Digest[] {
  return [
    ...blobs.filter(digest => !layout.has(digest)),
    ...layers.filter(chainId => !fs.existsSync(layerDirectory(root, chainId))),
  ];
}

/**
 * Removes those of the candidates that no image needs. Safe beside pulls: an image is entered under the same lock and only
 * if all its parts are there, so a pull that lost a part here fetches it again.
 */
export async function collect(root: string, layout: Layout, candidates: Parts): Promise<void> {
  const doomed: string[] = [];
  await layout.update(entries => {
    const needed = new Set(entries.flatMap(entry => Object.values(partsOf(layout, entry)).flat()));
    for (const digest of candidates.blobs) {
      if (!needed.has(digest)) fs.rmSync(blobPath(layout.directory, digest), { force: true });
    }
    for (const chainId of candidates.layers) {
      const layer = path.dirname(layerDirectory(root, chainId));
      if (needed.has(chainId) || !fs.existsSync(layer)) continue;
      const removed = path.join(path.dirname(layer), `.removed-${randomBytes(8).toString('hex')}`);
      fs.renameSync(layer, removed);
      doomed.push(removed);
    }
    return entries;
  });
  for (const directory of doomed) fs.rmSync(directory, { recursive: true, force: true });
}
