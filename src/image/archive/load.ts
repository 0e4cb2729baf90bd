import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { errnoOf, MinidockError } from '../../errors.ts';
import { blobPath, type Digest, shortDigest } from '../../oci/digest.ts';
import { ownManifest } from '../../oci/forms.ts';
import { type ImageConfig, maxConfigSize, parseConfig } from '../../oci/image-config.ts';
import { maxManifestSize, type Platform, parseManifest } from '../../oci/manifest.ts';
import { hostPlatform, printPlatform } from '../../oci/platform.ts';
import { familiar } from '../../oci/reference.ts';
import { removeTree, removeTrees } from '../../state/remove-tree.ts';
import { workingFolders } from '../../state/working-folder.ts';
import type { BombLimits } from '../../storage/bomb.ts';
import { chainIds, layerDirectory } from '../../storage/chain.ts';
import { decompress } from '../../storage/compression/decompress.ts';
import { magicLength } from '../../storage/compression/formats.ts';
import { explainWrite } from '../../storage/failure.ts';
import { ensureLayer, hasLayer, unpackedSize } from '../../storage/layers.ts';
import { collect, type Parts } from '../collect.ts';
import type { NewImage } from '../entries.ts';
import { layerType } from '../layer-type.ts';
import { ImageStore } from '../store.ts';
import { beginWork } from '../work.ts';
import type { ArchivedImage } from './archived-image.ts';
import { readContents } from './contents.ts';
import { corruptArchive } from './failure.ts';
import { type FileMember, Members } from './members.ts';

export interface LoadOptions {
  /** The engine's root. */
  root: string;
  /** A file's path, or its bytes; plain, or compressed with gzip, zstd, xz or bzip2. */
  source: string | Readable;
  onProgress?: (event: LoadEvent) => void;
  signal?: AbortSignal;
  /** How much larger it may become when decompressed. */
  limits?: BombLimits;
}

/** What `load` shows, in Docker's words. */
export type LoadEvent =
  | { kind: 'layer'; layer: string; phase: 'Loading layer'; current: number; total: number }
  | { kind: 'warning'; message: string }
  /** A tag moves away from another image. */
  | { kind: 'renamed'; name: string; from: Digest }
  /** Without a name: the image has none. */
  | { kind: 'loaded'; id: Digest; name?: string };

/** An image whose parts are checked. */
interface Prepared {
  image: ArchivedImage;
  id: Digest;
  config: ImageConfig;
  chain: Digest[];
}

/**
 * Loads the images of an archive: all of them or, where one is broken, none. The archive is spooled once, beside the
 * store's blobs, so that a layer becomes a blob by a link and not by a copy. An image's id is the digest of its config and
 * is the same here as in every other engine.
 *
 * Throws `MinidockError`: `corrupt-archive`, `corrupt-data`, `hostile-archive`, `malformed-image`, `no-such-platform`, `no-space`,
 * `unknown-compression`, and what unpacking a layer throws.
 */
export async function loadImages(options: LoadOptions): Promise<void> {
  const store = new ImageStore(options.root);
  store.layout.create();
  const parent = path.join(store.layout.directory, '.partial');
  removeTrees(workingFolders(parent, 'load').dead);
  // While this folder exists no garbage is collected: see collect.ts.
  const folder = await beginWork(store.layout, 'load');
  try {
    const members = new Members(folder, options.limits);
    const source = open(options.source);
    if (options.signal !== undefined) addAbortSignal(options.signal, source);
    await members.readAll(source);
    const images = readContents(members).map(image => prepare(image, options));
    await enter(store, images, options).catch(error => {
      // A pull that failed has just removed a part that we found in the store. The spooled archive still has all parts:
      // store them again.
      if (error instanceof MinidockError && error.code === 'incomplete-image') return enter(store, images, options);
      throw error;
    });
  } finally {
    removeTree(folder);
  }
}

function open(source: string | Readable): Readable {
  if (typeof source !== 'string') return source;
  const stat = fs.statSync(source, { throwIfNoEntry: false });
  if (stat === undefined) throw new MinidockError('no-such-file', `open ${source}: no such file or directory`);
  if (stat.isDirectory()) throw new MinidockError('no-such-file', `read ${source}: is a directory`);
  return fs.createReadStream(source, { highWaterMark: 256 << 10 });
}

function prepare(image: ArchivedImage, { onProgress }: LoadOptions): Prepared {
  const id = image.config.digest;
  const what = `image ${shortDigest(id)}`;
  if (image.config.size > maxConfigSize) {
    throw corruptArchive(`the config of ${what} has ${image.config.size} bytes, more than ${maxConfigSize}`);
  }
  const config = parseConfig(fs.readFileSync(image.config.path), what);
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== image.layers.length) {
    throw corruptArchive(`${what} has ${image.layers.length} layers, and its config names ${diffIds.length}`);
  }
  const host = hostPlatform();
  if (config.os !== '' && config.os !== host.os) {
    throw new MinidockError(
      'no-such-platform',
      `cannot load ${what}: it is for ${printable(config.os)}, not for ${host.os}`,
    );
  }
  if (config.architecture !== host.architecture) {
    const platform = printable(printPlatform(platformOf(config)));
    const message = `${what} is for ${platform}, and this machine is ${printPlatform(host)}`;
    onProgress?.({ kind: 'warning', message });
  }
  return { image, id, config, chain: chainIds(diffIds) };
}

/** Stores all parts of all images, then names them; takes back what it added where that fails. */
async function enter(store: ImageStore, images: Prepared[], options: LoadOptions): Promise<void> {
  const added: Parts = { blobs: [], layers: [] };
  try {
    const entries: [Prepared, NewImage][] = [];
    for (const image of images) entries.push([image, await storeParts(store, image, added, options)]);
    await nameImages(store, entries, options);
  } catch (error) {
    await collect(store.root, store.layout, added);
    throw explainWrite(error, 'loading an archive');
  }
}

async function storeParts(store: ImageStore, image: Prepared, added: Parts, options: LoadOptions): Promise<NewImage> {
  const { root, layout } = store;
  const { chain, config, id } = image;
  for (const [i, layer] of image.image.layers.entries()) {
    const diffId = config.rootfs.diff_ids[i]!;
    if (keep(layer, blobPath(layout.directory, layer.digest))) added.blobs.push(layer.digest);
    const name = shortDigest(chain[i]!);
    if (hasLayer(root, chain[i]!)) await checkDiffId(layer, diffId);
    const isNew = await ensureLayer(root, {
      chainId: chain[i]!,
      diffId,
      below: () => chain.slice(0, i).map(chainId => layerDirectory(root, chainId)),
      blob: layer.path,
      onProgress: current =>
        options.onProgress?.({ kind: 'layer', layer: name, phase: 'Loading layer', current, total: layer.size }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    if (isNew) added.layers.push(chain[i]!);
  }
  if (keep(image.image.config, blobPath(layout.directory, id))) added.blobs.push(id);
  const { mediaType, content } = image.image.manifest ?? manifestFor(image);
  checkManifest(content, mediaType, image);
  const digest: Digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  if (!layout.has(digest)) added.blobs.push(layout.write(content));
  return {
    manifest: { mediaType, digest, size: content.length, platform: platformOf(config) },
    id,
    size: unpackedSize(root, config.rootfs.diff_ids),
    ...(image.image.parent === undefined ? {} : { parent: image.image.parent }),
  };
}

/** All of them in one step: an image may have thousands of tags. */
async function nameImages(
  store: ImageStore,
  images: [Prepared, NewImage][],
  { onProgress }: LoadOptions,
): Promise<void> {
  const named = images.flatMap(([{ image }, entry]): NewImage[] =>
    image.names.length === 0 ? [entry] : image.names.map(name => ({ ...entry, name })),
  );
  const before = await store.addAll(named);
  for (const [i, { id, name }] of named.entries()) {
    const from = before[i];
    if (name === undefined) onProgress?.({ kind: 'loaded', id });
    else {
      if (from !== undefined) onProgress?.({ kind: 'renamed', name: familiar(name), from });
      onProgress?.({ kind: 'loaded', id, name: familiar(name) });
    }
  }
}

/** Makes a spooled file a blob as well, without a copy; false where the blob is there already. */
function keep(file: FileMember, blob: string): boolean {
  // After a power cut a shorter file may lie under this name.
  if (fs.statSync(blob, { throwIfNoEntry: false })?.size !== file.size) fs.rmSync(blob, { force: true });
  try {
    fs.linkSync(file.path, blob);
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    return false;
  }
}

/** A layer that is unpacked already is not unpacked again, and its blob is checked all the same: `save` hands it on. */
async function checkDiffId(layer: FileMember, diffId: Digest): Promise<void> {
  if (layer.digest === diffId) return;
  const hash = createHash('sha256');
  for await (const chunk of decompress(fs.createReadStream(layer.path), 'the archive')) hash.update(chunk);
  const found = `sha256:${hash.digest('hex')}`;
  if (found !== diffId) throw corruptArchive(`its layer ${diffId} unpacks to ${found}`);
}

/** The manifest must describe the very files that were read for it. */
function checkManifest(content: Buffer, mediaType: string, { image, id }: Prepared): void {
  const manifest = parseManifest(content, mediaType, `manifest of ${id}`);
  const layers = manifest.kind === 'manifest' ? manifest.layers.map(({ digest }) => digest) : [];
  if (layers.join() !== image.layers.map(({ digest }) => digest).join() || content.length > maxManifestSize) {
    throw corruptArchive(`the manifest of ${id} does not fit its layers`);
  }
}

/** A manifest for an image that came without one. */
function manifestFor({ image, id }: Prepared): { mediaType: string; content: Buffer } {
  const layers = image.layers.map(layer => ({ ...layer, mediaType: layerTypeOf(layer) }));
  return ownManifest({ digest: id, size: image.config.size }, layers);
}

function layerTypeOf({ path: file }: FileMember): string {
  const fd = fs.openSync(file, 'r');
  try {
    const head = Buffer.alloc(magicLength);
    fs.readSync(fd, head);
    return layerType(head);
  } finally {
    fs.closeSync(fd);
  }
}

/** A config may hold control sequences for terminals where it should name a system. */
const printable = (text: string) => text.slice(0, 100).replace(/[^\x20-\x7e]/g, '?');

function platformOf({ os, architecture, variant }: Platform): Platform {
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}
