import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, MinidockError } from '../errors.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { listIfPresent } from '../state/files.ts';
import { containerPaths, enginePaths } from '../state/paths.ts';

/** Chain IDs of the layers under the root filesystems of all containers, running or not. */
export function layersInUse(root: string): Set<Digest> {
  const roots = { root, execRoot: '' };
  const inUse = new Set<Digest>();
  for (const id of listIfPresent(enginePaths(roots).containers).filter(name => /^[0-9a-f]{64}$/.test(name))) {
    for (const layer of layersOf(containerPaths(roots, id).record)) {
      // Records of an earlier minidock have directories, which are named by chain IDs.
      const chainId = isDigest(layer) ? layer : `sha256:${path.basename(path.dirname(layer))}`;
      if (isDigest(chainId)) inUse.add(chainId);
    }
  }
  return inUse;
}

/** A record that cannot be read may name any layer: then nothing may be removed. */
function layersOf(record: string): string[] {
  try {
    const { layers } = JSON.parse(fs.readFileSync(record, 'utf8')) as { layers: string[] };
    return layers;
  } catch (error) {
    // The container was removed meanwhile.
    if (errnoOf(error) === 'ENOENT') return [];
    throw new MinidockError('corrupt-store', `${record} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
