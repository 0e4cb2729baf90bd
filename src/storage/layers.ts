import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import { MinidockError } from '../errors.ts';
import { type Digest, hexOf } from '../image/digest.ts';
import { ensureDirectory, readIfPresent } from '../state/files.ts';
import { BombGuard, type BombLimits } from './bomb.ts';
import { chainIds, layerDirectory } from './chain.ts';
import { checkNothingFollows, compressionOf, explainInflate, magicLength } from './compression.ts';
import { explainWrite } from './failure.ts';
import { resolve } from './merged-view.ts';
import { singleFlight } from './single-flight.ts';
import { type Inherited, Unpacker } from './unpack.ts';

/** A layer to be unpacked on top of others. */
export interface LayerRequest {
  chainId: Digest;
  diffId: Digest;
  /** Directories of the layers below, bottom first; asked for once the layer's own files are written. */
  below: () => Promise<string[]> | string[];
  /** The layer's tar, plain or compressed. */
  blob: string;
  /** Bytes of `blob` used so far. */
  onProgress?: (bytes: number) => void;
  signal?: AbortSignal;
  /** How far it may swell; see `BombGuard`. */
  limits?: BombLimits;
}

/** Kept beside the files, in `layers/<chain id>/layer.json`. */
export interface LayerRecord {
  chainId: Digest;
  diffId: Digest;
  /** Bytes of its regular files. */
  size: number;
  /** Directories that hide what lower layers have in them, as paths from the layer's root. */
  opaque: string[];
}

const readSize = 256 << 10;
const inflateSize = 512 << 10;

/** Whether the layer is unpacked. */
export function hasLayer(root: string, chainId: Digest): boolean {
  return fs.existsSync(layerDirectory(root, chainId));
}

/** What is known of an unpacked layer. */
export function readLayer(root: string, chainId: Digest): LayerRecord | undefined {
  const content = readIfPresent(path.join(root, 'layers', hexOf(chainId), 'layer.json'));
  return content === undefined ? undefined : (JSON.parse(content) as LayerRecord);
}

/** Bytes of an image's layers as they are unpacked: what `images` shows. */
export function unpackedSize(root: string, diffIds: readonly Digest[]): number {
  return chainIds(diffIds).reduce((sum, chainId) => sum + (readLayer(root, chainId)?.size ?? 0), 0);
}

/**
 * Unpacks a layer unless it is there. It appears whole, by one rename, or not at all; of several processes that want it one
 * unpacks and the others wait. The diff ID is checked before it appears. Resolves to whether there was work to do.
 *
 * Throws `MinidockError`: `corrupt-layer`, `hostile-layer`, `digest-mismatch`, `no-space`.
 */
export async function ensureLayer(root: string, layer: LayerRequest): Promise<boolean> {
  const layers = ensureDirectory(path.join(root, 'layers'), 0o710);
  const hex = hexOf(layer.chainId);
  return singleFlight(
    path.join(layers, `.lock-${hex}`),
    () => hasLayer(root, layer.chainId),
    () => unpackInto(path.join(layers, `.unpack-${hex}`), path.join(layers, hex), layer),
  );
}

/** Under the layer's lock: what a killed predecessor left in `temporary` is ours to remove. */
async function unpackInto(temporary: string, final: string, layer: LayerRequest): Promise<void> {
  fs.rmSync(temporary, { recursive: true, force: true });
  const name = `layer ${layer.diffId}`;
  const diff = path.join(temporary, 'diff');
  try {
    fs.mkdirSync(temporary, { mode: 0o710 });
    fs.mkdirSync(diff, { mode: 0o755 });
    const unpacker = new Unpacker(diff, name);
    try {
      const hash = createHash('sha256');
      const guard = new BombGuard(fs.statSync(layer.blob).size, temporary, name, layer.limits);
      guard.checkDisk();
      for await (const chunk of decompress(layer.blob, name, layer.onProgress)) {
        layer.signal?.throwIfAborted();
        guard.count(chunk.length);
        hash.update(chunk);
        unpacker.write(chunk);
      }
      const found = `sha256:${hash.digest('hex')}`;
      if (found !== layer.diffId) {
        throw new MinidockError(
          'digest-mismatch',
          `${name} unpacks to ${found}: it is not what the image's config names`,
          {
            fix: 'the image is broken or was tampered with: do not use it',
          },
        );
      }
      const below = await layer.below();
      await unpacker.finish(directory => inheritedFrom(below, directory));
    } finally {
      unpacker.close();
    }
    const { size, opaque } = unpacker;
    const record: LayerRecord = { chainId: layer.chainId, diffId: layer.diffId, size, opaque };
    fs.writeFileSync(path.join(temporary, 'layer.json'), `${JSON.stringify(record)}\n`);
    fs.renameSync(temporary, final);
  } catch (error) {
    fs.rmSync(temporary, { recursive: true, force: true });
    throw explainWrite(error, `unpacking ${name}`);
  }
}

function inheritedFrom(below: readonly string[], directory: string): Inherited | undefined {
  const found = resolve(below, directory);
  if (found.kind !== 'directory' || found.path !== directory || found.hostPath === undefined) return undefined;
  const { mode, uid, gid, mtimeMs } = fs.lstatSync(found.hostPath);
  return { mode: mode & 0o7777, uid, gid, mtime: mtimeMs / 1000 };
}

/** The bytes of a file, decompressed. */
async function* decompress(file: string, name: string, onProgress?: (bytes: number) => void): AsyncGenerator<Buffer> {
  const compression = compressionOf(headOf(file), name, ['none', 'gzip', 'zstd']);
  const source = fs.createReadStream(file, { highWaterMark: readSize });
  if (onProgress !== undefined) source.on('data', () => onProgress(source.bytesRead));
  if (compression === 'none') {
    yield* source as AsyncIterable<Buffer>;
    return;
  }
  if (compression === 'zstd') {
    const { inflateZstd } = await import('./zstd.ts');
    yield* inflateZstd(source, name);
    return;
  }
  // Room for the next chunks: inflating goes on in another thread while this one writes files.
  const inflate = createGunzip({ chunkSize: inflateSize, highWaterMark: 4 * inflateSize } as object);
  source.on('error', error => inflate.destroy(error));
  source.pipe(inflate);
  try {
    yield* inflate as AsyncIterable<Buffer>;
    checkNothingFollows(inflate.bytesWritten, fs.statSync(file).size, name);
  } catch (error) {
    throw explainInflate(error, name);
  } finally {
    source.destroy();
    inflate.destroy();
  }
}

function headOf(file: string): Buffer {
  const fd = fs.openSync(file, 'r');
  try {
    const head = Buffer.alloc(magicLength);
    return head.subarray(0, fs.readSync(fd, head));
  } finally {
    fs.closeSync(fd);
  }
}
