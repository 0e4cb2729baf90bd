import fs from 'node:fs';
import path from 'node:path';
import { ensureDirectory } from '../../state/files.ts';
import type { OverlayMount } from './rootfs.ts';

/**
 * The longest `lowerdir`, in bytes. All options of an overlay must fit into a page; from about forty layers on, symbolic links
 * of one or two letters stand for the layers.
 */
const longestLower = 3000;

/**
 * The stack of an image's layers as overlayfs takes it: the topmost first, each relative to the directory from which the
 * mount is made.
 *
 * @param base the folder of all layers: each lies below it
 * @param links where short names may be made, beside the container's other files
 */
export function lowerLayers(
  base: string,
  links: string,
  layers: readonly string[],
): Pick<OverlayMount, 'lowerBase' | 'lower'> {
  const lower = layers.toReversed().map(layer => layer.slice(base.length + 1));
  if (lower.join(':').length < longestLower) return { lowerBase: base, lower };
  if (!fs.existsSync(path.dirname(links))) return { lowerBase: links, lower: lower.map((_, i) => i.toString(36)) };
  ensureDirectory(links);
  const names = lower.map((_, i) => i.toString(36));
  for (const [i, name] of names.entries()) {
    const link = path.join(links, name);
    fs.rmSync(link, { force: true });
    fs.symlinkSync(path.relative(links, path.join(base, lower[i]!)), link);
  }
  return { lowerBase: links, lower: names };
}
