import { createHash } from 'node:crypto';
import fs from 'node:fs';
import type { Digest } from '../../oci/digest.ts';
import { BombGuard, type BombLimits } from '../bomb.ts';
import { pathOf } from '../bytes.ts';
import { decompress } from '../compression/decompress.ts';
import { resolve } from '../merged-view.ts';
import type { ByteString } from '../tar/header.ts';
import { type Inherited, Unpacker } from './unpacker.ts';

/** What is to be unpacked, and where. */
export interface UnpackTask {
  /** The layer's tar, plain or compressed. */
  blob: string;
  /** Is made here. Removing it after a failure is the caller's. */
  directory: string;
  /** Stands for the layer in errors: `layer sha256:…`. */
  name: string;
  /** How far it may swell; see `BombGuard`. */
  limits?: BombLimits;
}

export interface UnpackHooks {
  /**
   * Called once all files are written. Resolves to the directories of the layers below, bottom first; throws where the
   * layer is not the one that was wanted.
   */
  below: (diffId: Digest) => Promise<string[]> | string[];
  /** Bytes of the blob used so far. */
  onProgress?: (bytes: number) => void;
  signal?: AbortSignal;
}

export interface Unpacked {
  diffId: Digest;
  /** Bytes of its regular files and of what its symbolic links say, as Docker counts. */
  size: number;
  /** Directories that hide what lower layers have in them, as paths from the layer's root. */
  opaque: string[];
  /** Whether any of its files has extended attributes; unknown of layers that were unpacked before this was written down. */
  hasAttributes?: boolean;
}

export type Unpack = (task: UnpackTask, hooks: UnpackHooks) => Promise<Unpacked>;

const readSize = 256 << 10;

/**
 * Unpacks a layer's blob. The diff ID is computed on the way, and nothing but plain files, links and directories of root's
 * is made before `below` has agreed to it.
 *
 * Throws `MinidockError`: `corrupt-layer`, `corrupt-data`, `unknown-compression`, `hostile-layer`, `no-space`.
 */
export const unpackBlob: Unpack = async ({ blob, directory, name, limits }, { below, onProgress, signal }) => {
  fs.mkdirSync(directory, { mode: 0o755 });
  const source = fs.createReadStream(blob, { highWaterMark: readSize });
  if (onProgress !== undefined) source.on('data', () => onProgress(source.bytesRead));
  const blobSize = fs.statSync(blob).size;
  const guard = new BombGuard(() => blobSize, directory, name, limits);
  const unpacker = new Unpacker(directory, name);
  try {
    const hash = createHash('sha256');
    // Compressed it is no larger than it will be.
    guard.checkDisk(blobSize);
    for await (const chunk of decompress(source, name)) {
      signal?.throwIfAborted();
      guard.count(chunk.length);
      hash.update(chunk);
      unpacker.write(chunk);
    }
    const diffId: Digest = `sha256:${hash.digest('hex')}`;
    const lower = await below(diffId);
    await unpacker.finish(path => inheritedFrom(lower, path));
    const { size, opaque, hasAttributes } = unpacker;
    return { diffId, size, opaque, hasAttributes };
  } finally {
    source.destroy();
    unpacker.close();
  }
};

function inheritedFrom(below: readonly string[], directory: ByteString): Inherited | undefined {
  const found = resolve(below, directory);
  if (found.kind !== 'directory' || found.path !== directory || found.hostPath === undefined) return undefined;
  const { mode, uid, gid, mtimeMs } = fs.lstatSync(pathOf(found.hostPath));
  return { mode: mode & 0o7777, uid, gid, mtime: mtimeMs / 1000 };
}
