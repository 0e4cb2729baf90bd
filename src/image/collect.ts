import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../errors.ts';
import { blobPath, type Digest, hexOf, isDigest } from '../oci/digest.ts';
import { maxConfigSize, parseConfig } from '../oci/image-config.ts';
import { type Descriptor, maxManifestSize, parseManifest } from '../oci/manifest.ts';
import { deadTemporaries, listIfPresent } from '../state/files.ts';
import { isHeld, withLock } from '../state/lock.ts';
import { enginePaths } from '../state/paths.ts';
import { removeTrees } from '../state/remove-tree.ts';
import { leftAside, setAside } from '../state/set-aside.ts';
import { workingFolders } from '../state/working-folder.ts';
import { chainIds, layerDirectory } from '../storage/chain.ts';
import { readLayer } from '../storage/layers.ts';
import { repoDigestOf } from './entries.ts';
import type { Layout } from './layout.ts';
import { layersInUse } from './uses.ts';

/** What an image is made of, in the store. */
export interface Parts {
  /** Manifest, config, layers as they were downloaded. */
  blobs: Digest[];
  /** Chain IDs of the unpacked layers. */
  layers: Digest[];
}

/** What was removed, and its size in bytes. */
export interface Collected extends Parts {
  bytes: number;
  /** Why an unneeded part is still on disk; the next collection tries again. */
  failures: MinidockError[];
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

/** Which of the parts are missing in the store: blobs by their digest, layers by their chain ID. */
export function missingParts(root: string, layout: Layout, { blobs, layers }: Parts): Digest[] {
  return [
    ...blobs.filter(digest => !layout.has(digest)),
    ...layers.filter(chainId => !fs.existsSync(layerDirectory(root, chainId))),
  ];
}

/**
 * Removes those of the candidates that no image and no container needs. Safe beside pulls: an image is entered under the
 * same lock and only if all its parts are there, so a pull that lost a part here fetches it again.
 */
export async function collect(root: string, layout: Layout, candidates: Parts): Promise<Collected> {
  return removeUnneeded(root, layout, () => ({ ...candidates, bytes: 0 }));
}

/**
 * Removes every blob and every unpacked layer that no image and no container needs, stopped ones included, and what killed
 * commands left half-made. While a pull, load or import works nothing is removed: its parts are not yet an image's, and
 * the next collection finds what is left. With `downloads` also what interrupted pulls would go on with, which only who wants
 * the space asks for. See docs/decisions/0005-image-archives-and-collection.md.
 */
export async function collectGarbage(root: string, layout: Layout, { downloads = false } = {}): Promise<Collected> {
  if (isBusy(root, layout)) return { blobs: [], layers: [], bytes: 0, failures: [] };
  return removeUnneeded(root, layout, () => {
    if (isBusy(root, layout)) return { blobs: [], layers: [], bytes: 0 };
    setLitterAside(root, layout);
    const bytes = downloads ? setDownloadsAside(root, layout) : 0;
    return { ...everything(root, layout), bytes };
  });
}

/**
 * What no process will finish: folders of killed pulls, loads, imports and unpackings, half-written manifests and configs. The
 * caller holds the layout's lock and has found no process at work, so it may remove them.
 */
function setLitterAside(root: string, layout: Layout): void {
  const partial = path.join(layout.directory, '.partial');
  const { layers } = enginePaths({ root, execRoot: '' });
  const unpacking = listIfPresent(layers).filter(name => /^\.(unpack|lock)-/.test(name));
  for (const left of [
    ...[...workingKinds, 'push'].flatMap(kind => workingFolders(partial, kind).dead),
    ...unpacking.map(name => path.join(layers, name)),
    ...deadTemporaries(blobFolder(layout)),
  ])
    setAside(root, left);
}

/** Blobs that are not here whole, with their locks and half-made ones; how many bytes they have. As with the litter, no process is at work on them. */
function setDownloadsAside(root: string, layout: Layout): number {
  const partial = path.join(layout.directory, '.partial');
  const found = listIfPresent(partial).filter(name => /^[0-9a-f]{64}(\.lock.*)?$/.test(name));
  const sizes = found.map(name => (name.includes('.lock') ? 0 : fs.lstatSync(path.join(partial, name)).size));
  for (const name of found) setAside(root, path.join(partial, name));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** A push has a folder too, but no image will need anything in it. */
const workingKinds = ['commit', 'load', 'import', 'pull'];

/**
 * Whether a process downloads, unpacks, loads or imports: each holds a lock or a working folder that names the process.
 */
function isBusy(root: string, layout: Layout): boolean {
  const partial = path.join(layout.directory, '.partial');
  const layers = path.join(root, 'layers');
  return (
    workingKinds.some(kind => workingFolders(partial, kind).living.length > 0) ||
    listIfPresent(partial).some(name => name.endsWith('.lock') && isHeld(path.join(partial, name))) ||
    listIfPresent(layers).some(name => name.startsWith('.lock-') && isHeld(path.join(layers, name)))
  );
}

const blobFolder = (layout: Layout) => path.join(layout.directory, 'blobs', 'sha256');

function everything(root: string, layout: Layout): Parts {
  const named = (directory: string) =>
    listIfPresent(directory)
      .map(name => `sha256:${name}`)
      .filter(isDigest);
  return { blobs: named(blobFolder(layout)), layers: named(path.join(root, 'layers')) };
}

/**
 * Takes two locks. Images are entered under the first, so no image can start to use a part that is being removed.
 * Containers are entered, and check their layers, under the second, so no container can start to use a layer that is
 * being removed.
 */
async function removeUnneeded(root: string, layout: Layout, find: () => Parts & { bytes: number }): Promise<Collected> {
  const removed: Collected = { blobs: [], layers: [], bytes: 0, failures: [] };
  await layout.locked(async () => {
    const { blobs, layers, bytes } = find();
    removed.bytes += bytes;
    const needed = neededBy(layout, layout.entries());
    if (needed === undefined) return;
    for (const digest of blobs.filter(candidate => !needed.has(candidate))) {
      const file = blobPath(layout.directory, digest);
      const size = fs.statSync(file, { throwIfNoEntry: false })?.size;
      if (size === undefined) continue;
      const failures = removeTrees([file]);
      removed.failures.push(...failures);
      if (failures.length > 0) continue;
      removed.blobs.push(digest);
      removed.bytes += size;
    }
    const unneeded = layers.filter(chainId => !needed.has(chainId));
    if (unneeded.length === 0) return;
    await withLock(enginePaths({ root, execRoot: '' }).allocation, () => {
      const inUse = layersInUse(root);
      for (const chainId of unneeded.filter(candidate => !inUse.has(candidate))) {
        const size = readLayer(root, chainId)?.size ?? 0;
        if (setAside(root, path.join(root, 'layers', hexOf(chainId))) === undefined) continue;
        removed.layers.push(chainId);
        removed.bytes += size;
      }
    });
  });
  removed.failures.push(...removeTrees(leftAside(root)));
  return removed;
}

/**
 * All that the images of the index need, with the index that a registry served them in. Undefined where an image is
 * broken: what it needs is not known, so nothing may be removed before the image is.
 */
function neededBy(layout: Layout, entries: Descriptor[]): Set<Digest> | undefined {
  const needed = new Set<Digest>();
  const manifests = new Set<Digest>();
  for (const entry of entries) {
    const served = repoDigestOf(entry)?.split('@')[1];
    if (isDigest(served)) needed.add(served);
    // An image with a thousand tags has a thousand entries.
    if (manifests.has(entry.digest)) continue;
    manifests.add(entry.digest);
    try {
      const { blobs, layers } = partsOf(layout, entry);
      for (const part of [...blobs, ...layers]) needed.add(part);
    } catch (error) {
      if (error instanceof MinidockError) return undefined;
      throw error;
    }
  }
  return needed;
}
