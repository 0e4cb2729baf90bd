import fs from 'node:fs';
import path from 'node:path';
import type { ContainerRecord } from '../../container/record.ts';
import { writtenBytes } from '../../container/size.ts';
import type { DetailedMount } from '../../host/mountinfo.ts';
import { unescapeField } from '../../host/mountinfo.ts';
import { readLinkIfPresent } from '../../state/files.ts';
import { containerPaths, enginePaths, type Roots } from '../../state/paths.ts';
import { layerDirectory } from '../../storage/chain.ts';
import { readLayer } from '../../storage/layers.ts';
import type { Layer, Layers } from '../model.ts';

/** The layers of a root mount, as its options name them. Relative ones start where minidock mounted from. */
export function layersOf(roots: Roots, id: string, root: DetailedMount | undefined): Layers {
  if (root?.type !== 'overlay') return { type: root?.type ?? 'unknown', lower: [] };
  const { lower, upper, work } = overlayOptions(unescapeField(root.superOptions));
  const { links } = containerPaths(roots, id);
  return {
    type: 'overlay',
    lower: lower.map(name => layerAt(roots, placeOf(name, enginePaths(roots).layers, links))),
    ...(upper !== undefined && { upper: upperAt(upper) }),
    ...(work !== undefined && { work: { directory: work } }),
  };
}

/** What is on disk for a container that does not run: the layers of its image by its record, its own by where they lie. */
export function layersOnDisk(roots: Roots, record: Pick<ContainerRecord, 'id' | 'layers'>): Layers {
  const { upper, work } = containerPaths(roots, record.id);
  return {
    type: 'overlay',
    lower: record.layers.toReversed().map(chainId => layerAt(roots, layerDirectory(roots.root, chainId))),
    ...(fs.existsSync(upper) && { upper: upperAt(upper) }),
    ...(fs.existsSync(work) && { work: { directory: work } }),
  };
}

/** Many layers are named by short links, since all options must fit a page. */
function placeOf(name: string, layers: string, links: string): string {
  if (path.isAbsolute(name)) return name;
  const target = name.includes('/') ? undefined : readLinkIfPresent(path.join(links, name));
  return target === undefined ? path.join(layers, name) : path.resolve(links, target);
}

/** Colons part lower layers and commas options; a backslash goes before one that does not. */
export function overlayOptions(options: string): { lower: string[]; upper?: string; work?: string } {
  const plain = (text: string) => text.replace(/\\(.)/g, '$1');
  const parts = (text: string, separator: string) =>
    text.match(new RegExp(`(?:[^${separator}\\\\]|\\\\.)+`, 'g')) ?? [];
  const found: { lower: string[]; upper?: string; work?: string } = { lower: [] };
  for (const option of parts(options, ',')) {
    const at = option.indexOf('=');
    const value = option.slice(at + 1);
    const name = option.slice(0, at);
    // Linux 6.5 and later tell each layer by an option of its own, `lowerdir+=`, where they were given so.
    if (name === 'lowerdir' || name === 'lowerdir+') found.lower.push(...parts(value, ':').map(plain));
    if (name === 'upperdir') found.upper = plain(value);
    if (name === 'workdir') found.work = plain(value);
  }
  return found;
}

function layerAt({ root }: Pick<Roots, 'root'>, directory: string): Layer {
  const [, hex] = /\/([0-9a-f]{64})\/diff$/.exec(directory) ?? [];
  if (hex === undefined) return { directory };
  const chainId = `sha256:${hex}` as const;
  const known = readLayer(root, chainId);
  return { directory, chainId, ...(known && { diffId: known.diffId, bytes: known.size }) };
}

function upperAt(directory: string): NonNullable<Layers['upper']> {
  return { directory, bytes: writtenBytes(directory) };
}
