import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, MinidockError } from '../errors.ts';
import { systemProgram } from '../host/programs.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { ensureDirectory, readIfPresent, writeAtomic } from '../state/files.ts';
import { removeTree, removeTrees } from '../state/remove-tree.ts';
import { setAside } from '../state/set-aside.ts';
import { chainIds, layerDirectory } from './chain.ts';
import { explainWrite } from './failure.ts';
import { singleFlight } from './single-flight.ts';
import { type Unpack, type Unpacked, type UnpackHooks, type UnpackTask, unpackBlob } from './unpack/blob.ts';

/** A layer to be unpacked on top of others. */
export interface LayerRequest extends Pick<UnpackTask, 'blob' | 'limits'>, Omit<UnpackHooks, 'below'> {
  chainId: Digest;
  diffId: Digest;
  /** Directories of the layers below, bottom first; asked for once the layer's own files are written. */
  below: () => Promise<string[]> | string[];
  /** In this thread if not said otherwise. */
  unpack?: Unpack;
}

/** Kept beside the files, in `layers/<chain id>/layer.json`. */
export interface LayerRecord extends Unpacked {
  chainId: Digest;
  /** The blob that a push has made of it, where the one that is stored is not compressed with gzip. */
  gzip?: { digest: Digest; size: number };
}

/** Whether the layer is unpacked. */
export function hasLayer(root: string, chainId: Digest): boolean {
  return fs.existsSync(layerDirectory(root, chainId));
}

/** What is known of an unpacked layer. */
export function readLayer(root: string, chainId: Digest): LayerRecord | undefined {
  const content = readIfPresent(recordOf(root, chainId));
  return content === undefined ? undefined : (JSON.parse(content) as LayerRecord);
}

const recordOf = (root: string, chainId: Digest) => `${root}/layers/${hexOf(chainId)}/layer.json`;

/** Writes down what a push has made of a layer. That it cannot be written only costs the next push some time. */
export function rememberGzip(root: string, chainId: Digest, gzip: NonNullable<LayerRecord['gzip']>): void {
  const record = readLayer(root, chainId);
  if (record === undefined) return;
  try {
    writeAtomic(recordOf(root, chainId), `${JSON.stringify({ ...record, gzip })}\n`);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

/** Bytes of an image's layers as they are unpacked: what `images` shows. */
export function unpackedSize(root: string, diffIds: readonly Digest[]): number {
  return chainIds(diffIds).reduce((sum, chainId) => sum + (readLayer(root, chainId)?.size ?? 0), 0);
}

/**
 * Unpacks a layer unless it is there. It appears whole, by one rename, or not at all; of several processes that want it one
 * unpacks and the others wait. The diff ID is checked before it appears. Resolves to whether there was work to do.
 *
 * Throws `MinidockError`: `corrupt-layer`, `corrupt-data`, `unknown-compression`, `hostile-layer`, `digest-mismatch`, `no-space`.
 */
export async function ensureLayer(root: string, layer: LayerRequest): Promise<boolean> {
  const { chainId, diffId } = layer;
  const name = `layer ${diffId}`;
  const work = async () => {
    // This process holds the layer's lock, so it may remove what a killed process left.
    const temporary = path.join(layersOf(root), `.unpack-${hexOf(chainId)}`);
    const left = setAside(root, temporary);
    if (left !== undefined) removeTrees([left]);
    await orRemoved(temporary, name, async () => {
      const unpacked = await into(temporary, name, layer, found => {
        if (found !== diffId) throw mismatch(name, found);
        return layer.below();
      });
      place(root, temporary, { chainId, ...unpacked });
    });
  };
  return once(root, chainId, work, layer.signal);
}

/**
 * Unpacks a layer that lies on no other and whose diff ID nobody knows yet, in `temporary`, a folder of the caller's to be
 * made under the same root. Resolves to its diff ID, which is its chain ID too. Throws as `ensureLayer`.
 */
export async function addBottomLayer(
  root: string,
  layer: Pick<LayerRequest, 'blob' | 'signal'>,
  temporary: string,
  name: string,
): Promise<Digest> {
  return orRemoved(temporary, name, async () => {
    const unpacked = await into(temporary, name, layer, () => []);
    const { diffId } = unpacked;
    const isNew = await once(root, diffId, async () => place(root, temporary, { chainId: diffId, ...unpacked }));
    if (!isNew) removeTree(temporary);
    return diffId;
  });
}

function layersOf(root: string): string {
  const directory = path.join(root, 'layers');
  if (!fs.existsSync(directory)) spread(ensureDirectory(directory, 0o710));
  return directory;
}

/**
 * Tells ext4 that what lies in the directory is unrelated (chattr(1), attribute T): each layer then gets a part of the disk of
 * its own, with free inodes close together, and two that are unpacked at once do not wait for each other. Elsewhere the
 * attribute is refused, and nothing is lost.
 */
function spread(directory: string): void {
  const chattr = systemProgram('chattr');
  if (chattr !== undefined) spawnSync(chattr, ['+T', directory], { stdio: 'ignore', env: {} });
}

function once(root: string, chainId: Digest, work: () => Promise<void>, signal?: AbortSignal): Promise<boolean> {
  const lock = path.join(layersOf(root), `.lock-${hexOf(chainId)}`);
  return singleFlight(lock, () => hasLayer(root, chainId), work, signal);
}

async function orRemoved<T>(temporary: string, name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    removeTrees([temporary]);
    throw explainWrite(error, `unpacking ${name}`);
  }
}

/** The last step: the rename makes the layer visible. */
function place(root: string, temporary: string, record: LayerRecord): void {
  fs.writeFileSync(path.join(temporary, 'layer.json'), `${JSON.stringify(record)}\n`);
  fs.renameSync(temporary, path.join(layersOf(root), hexOf(record.chainId)));
}

function into(
  temporary: string,
  name: string,
  { blob, limits, onProgress, signal, unpack = unpackBlob }: Omit<LayerRequest, 'chainId' | 'diffId' | 'below'>,
  below: UnpackHooks['below'],
): Promise<Unpacked> {
  fs.mkdirSync(temporary, { mode: 0o710 });
  const task = { blob, directory: path.join(temporary, 'diff'), name, ...(limits && { limits }) };
  return unpack(task, { below, ...(onProgress && { onProgress }), ...(signal && { signal }) });
}

function mismatch(name: string, found: Digest): MinidockError {
  return new MinidockError('digest-mismatch', `${name} unpacks to ${found}: it is not what the image's config names`, {
    fix: 'the image is broken or was tampered with: do not use it',
  });
}
