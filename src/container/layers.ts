import type { Roots } from '../state/paths.ts';
import { layerDirectory } from '../storage/chain.ts';
import type { ContainerRecord } from './record.ts';

/** Directories of the image's layers under a container, bottom first. */
export function layersOf({ root }: Pick<Roots, 'root'>, { layers }: Pick<ContainerRecord, 'layers'>): string[] {
  return layers.map(chainId => layerDirectory(root, chainId));
}
