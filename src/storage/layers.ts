import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import { errnoOf, MinidockError } from '../errors.ts';
import { type Digest, hexOf } from '../image/digest.ts';
import { ensureDirectory, readIfPresent } from '../state/files.ts';
import { withLock } from '../state/lock.ts';
import { layerDirectory } from './chain.ts';
import { resolve } from './merged-view.ts';
import { explainWrite, type Inherited, Unpacker } from './unpack.ts';

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
/** Another process may be unpacking the same layer: a big one on a slow disk takes minutes. */
const lockTimeoutMs = 30 * 60_000;

/** Whether the layer is unpacked. */
export function hasLayer(root: string, chainId: Digest): boolean {
  return fs.existsSync(layerDirectory(root, chainId));
}

/** What is known of an unpacked layer. */
export function readLayer(root: string, chainId: Digest): LayerRecord | undefined {
  const content = readIfPresent(path.join(root, 'layers', hexOf(chainId), 'layer.json'));
  return content === undefined ? undefined : (JSON.parse(content) as LayerRecord);
}

/**
 * Unpacks a layer unless it is there. It appears whole, by one rename, or not at all; of several processes that want it one
 * unpacks and the others wait. The diff ID is checked before it appears. Resolves to whether there was work to do.
 *
 * Throws `MinidockError`: `corrupt-layer`, `hostile-layer`, `digest-mismatch`, `no-space`.
 */
export async function ensureLayer(root: string, layer: LayerRequest): Promise<boolean> {
  if (hasLayer(root, layer.chainId)) return false;
  const layers = ensureDirectory(path.join(root, 'layers'), 0o710);
  const lock = path.join(layers, `.lock-${hexOf(layer.chainId)}`);
  const unpacked = await withLock(
    lock,
    async () => {
      if (hasLayer(root, layer.chainId)) return false;
      await unpackInto(
        path.join(layers, `.unpack-${hexOf(layer.chainId)}`),
        path.join(layers, hexOf(layer.chainId)),
        layer,
      );
      return true;
    },
    { timeoutMs: lockTimeoutMs },
  );
  discardLock(lock);
  return unpacked;
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
      for await (const chunk of decompress(layer.blob, name, layer.onProgress)) {
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

/** The bytes of a file, inflated where they begin like gzip: what they are is read from them, not from a media type. */
async function* decompress(file: string, name: string, onProgress?: (bytes: number) => void): AsyncGenerator<Buffer> {
  const source = fs.createReadStream(file, { highWaterMark: readSize });
  const magic = await magicOf(file);
  if (onProgress !== undefined) source.on('data', () => onProgress(source.bytesRead));
  if (magic.startsWith('28b52ffd')) {
    source.destroy();
    throw new MinidockError('unknown-compression', `${name} is compressed with zstd, which this version cannot read`);
  }
  if (!magic.startsWith('1f8b')) {
    yield* source as AsyncIterable<Buffer>;
    return;
  }
  const inflate = createGunzip({ chunkSize: inflateSize, highWaterMark: 4 * inflateSize } as object);
  source.on('error', error => inflate.destroy(error));
  source.pipe(inflate);
  try {
    yield* inflate as AsyncIterable<Buffer>;
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    if (!code.startsWith('Z_')) throw error;
    throw new MinidockError('corrupt-layer', `${name} is no valid gzip: ${(error as Error).message}`, { cause: error });
  } finally {
    source.destroy();
    inflate.destroy();
  }
}

/** The first four bytes in hex. */
async function magicOf(file: string): Promise<string> {
  const handle = await fs.promises.open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead).toString('hex');
  } finally {
    await handle.close();
  }
}

/**
 * Removes a lock that nobody needs any more. Whoever unlinks `free` has in effect taken the lock; a process that looks in
 * between finds an empty directory and puts its own in its place, and then rmdir fails and that one stays.
 */
function discardLock(lock: string): void {
  try {
    fs.unlinkSync(path.join(lock, 'free'));
    fs.rmdirSync(lock);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw error;
  }
}
