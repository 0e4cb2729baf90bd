import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../errors.ts';
import { annotationKeys } from '../oci/annotations.ts';
import { blobPath, type Digest, hexOf, isDigest } from '../oci/digest.ts';
import { maxConfigSize, parseConfig } from '../oci/image-config.ts';
import { type Descriptor, maxManifestSize, parseManifest } from '../oci/manifest.ts';
import { listIfPresent } from '../state/files.ts';
import { isHeld, withLock } from '../state/lock.ts';
import { enginePaths } from '../state/paths.ts';
import { workingFolders } from '../state/working-folder.ts';
import { chainIds, layerDirectory } from '../storage/chain.ts';
import { readLayer } from '../storage/layers.ts';
import { singleFlight } from '../storage/single-flight.ts';
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
 * Removes those of the candidates that no image and no container needs. Safe beside pulls: an image is entered under the
 * same lock and only if all its parts are there, so a pull that lost a part here fetches it again.
 */
export async function collect(root: string, layout: Layout, candidates: Parts): Promise<Collected> {
  return removeUnneeded(root, layout, () => candidates);
}

/**
 * Removes every blob and every unpacked layer that no image and no container needs, stopped ones included, and what killed
 * commands left half-made. While a pull, load or import works nothing is removed: its parts are not yet an image's, and
 * the next collection finds what is left. See
 * docs/decisions/0005-image-archives-and-collection.md.
 */
export async function collectGarbage(root: string, layout: Layout): Promise<Collected> {
  const nothing: Collected = { blobs: [], layers: [], bytes: 0 };
  if (isBusy(root, layout)) return nothing;
  await sweep(root, layout);
  return removeUnneeded(root, layout, () => (isBusy(root, layout) ? nothing : everything(root, layout)));
}

/** Removes what no process will finish: of killed loads and imports, of unpacking and of removing. */
async function sweep(root: string, layout: Layout): Promise<void> {
  const partial = path.join(layout.directory, '.partial');
  const layers = path.join(root, 'layers');
  const remove = (directory: string) => fs.rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  for (const kind of workingKinds) workingFolders(partial, kind).dead.forEach(remove);
  for (const name of listIfPresent(layers)) {
    const file = path.join(layers, name);
    if (name.startsWith('.removed-')) remove(file);
    const [, hex] = /^\.unpack-([0-9a-f]{64})$/.exec(name) ?? [];
    if (hex === undefined) continue;
    const isGone = () => !fs.existsSync(file);
    await singleFlight(path.join(layers, `.lock-${hex}`), isGone, async () => remove(file));
  }
}

const workingKinds = ['load', 'import', 'pull'];

/** Whether somebody downloads, unpacks, loads or imports: each holds a lock or a working folder with its name on it. */
function isBusy(root: string, layout: Layout): boolean {
  const partial = path.join(layout.directory, '.partial');
  const layers = path.join(root, 'layers');
  return (
    workingKinds.some(kind => workingFolders(partial, kind).living.length > 0) ||
    listIfPresent(partial).some(name => name.endsWith('.lock') && isHeld(path.join(partial, name))) ||
    listIfPresent(layers).some(name => name.startsWith('.lock-') && isHeld(path.join(layers, name)))
  );
}

function everything(root: string, layout: Layout): Parts {
  const named = (directory: string) =>
    listIfPresent(directory)
      .map(name => `sha256:${name}`)
      .filter(isDigest);
  return { blobs: named(path.join(layout.directory, 'blobs', 'sha256')), layers: named(path.join(root, 'layers')) };
}

/**
 * Two locks: under the first images are entered, so none can take a part that goes; under the second containers are entered
 * and look whether their layers are there, so none can begin to use one.
 */
async function removeUnneeded(root: string, layout: Layout, find: () => Parts): Promise<Collected> {
  const removed: Collected = { blobs: [], layers: [], bytes: 0 };
  const doomed: string[] = [];
  await layout.locked(async () => {
    const needed = neededBy(layout, layout.entries());
    if (needed === undefined) return;
    const { blobs, layers } = find();
    for (const digest of blobs.filter(candidate => !needed.has(candidate))) {
      const file = blobPath(layout.directory, digest);
      const size = fs.statSync(file, { throwIfNoEntry: false })?.size;
      if (size === undefined) continue;
      fs.rmSync(file, { force: true });
      removed.blobs.push(digest);
      removed.bytes += size;
    }
    const unneeded = layers.filter(chainId => !needed.has(chainId));
    if (unneeded.length === 0) return;
    const { allocation } = enginePaths({ root, execRoot: '' });
    await withLock(allocation, () => {
      const inUse = layersInUse(root);
      for (const chainId of unneeded.filter(candidate => !inUse.has(candidate))) {
        const layer = path.join(root, 'layers', hexOf(chainId));
        if (!fs.existsSync(layer)) continue;
        const size = readLayer(root, chainId)?.size ?? 0;
        const gone = path.join(root, 'layers', `.removed-${randomBytes(8).toString('hex')}`);
        fs.renameSync(layer, gone);
        doomed.push(gone);
        removed.layers.push(chainId);
        removed.bytes += size;
      }
    });
  });
  for (const directory of doomed) fs.rmSync(directory, { recursive: true, force: true });
  return removed;
}

/**
 * All that the images of the index need, the index that a registry served them in included. Undefined where an image is
 * broken: what it needs is not known, so nothing may go before it is removed.
 */
function neededBy(layout: Layout, entries: Descriptor[]): Set<Digest> | undefined {
  const needed = new Set<Digest>();
  for (const entry of entries) {
    try {
      const { blobs, layers } = partsOf(layout, entry);
      for (const part of [...blobs, ...layers]) needed.add(part);
    } catch (error) {
      if (error instanceof MinidockError) return undefined;
      throw error;
    }
    const served = entry.annotations?.[annotationKeys.repoDigest]?.split('@')[1];
    if (isDigest(served)) needed.add(served);
  }
  return needed;
}
