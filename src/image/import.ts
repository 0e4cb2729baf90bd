import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { MinidockError } from '../errors.ts';
import { blobPath, type Digest } from '../oci/digest.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import type { Descriptor, Platform } from '../oci/manifest.ts';
import { imageName } from '../oci/reference.ts';
import { removeTree } from '../state/remove-tree.ts';
import { magicLength } from '../storage/compression/formats.ts';
import { DiskGuard } from '../storage/disk-guard.ts';
import { explainWrite } from '../storage/failure.ts';
import { addBottomLayer } from '../storage/layers.ts';
import { applyChanges } from './config/changes.ts';
import { addImage } from './create.ts';
import { layerType } from './layer-type.ts';
import { type ImageRecord, ImageStore } from './store.ts';
import { beginWork } from './work.ts';

export interface ImportOptions {
  /** The engine's root. */
  root: string;
  /** A tar, plain or compressed with gzip, zstd, xz or bzip2: a file's path, or its bytes. */
  source: string | Readable;
  /** `repo[:tag]`; without one the image has no name. */
  reference?: string;
  /** As `docker import --change`. */
  changes?: readonly string[];
  message?: string;
  platform?: Platform;
  /** Where the bytes come from, for the history; the name of a file if not said otherwise. */
  from?: string;
  signal?: AbortSignal;
}

/**
 * Makes an image of one layer from a tar of a root filesystem. Its config says nothing but what `changes` say. The layer's
 * blob is the tar as it came, compressed or not. Throws `MinidockError`: `corrupt-layer`, `hostile-layer`, `no-space`,
 * `no-such-file`.
 */
export async function importImage(options: ImportOptions): Promise<ImageRecord> {
  const { root, reference, changes = [], message } = options;
  const name = reference === undefined ? undefined : imageName(reference);
  const config = applyChanges({}, changes);
  const store = new ImageStore(root);
  store.layout.create();
  // While this folder is there, nothing is collected: see collect.ts.
  const folder = await beginWork(store.layout, 'import');
  try {
    const { layer, diffId } = await storeLayer(store, options, folder);
    const created = new Date().toISOString();
    const from = options.from ?? (typeof options.source === 'string' ? path.basename(options.source) : '-');
    const image: ImageConfig = {
      ...(options.platform ?? { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch }),
      created,
      config,
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [{ created, comment: message ?? `Imported from ${from}` }],
    };
    return await addImage(store, image, [layer], name);
  } finally {
    removeTree(folder);
  }
}

/** Spools the tar, unpacks it, and only then keeps it as a blob. */
async function storeLayer(
  { root, layout }: ImageStore,
  { source, signal }: Pick<ImportOptions, 'source' | 'signal'>,
  folder: string,
): Promise<{ layer: Descriptor; diffId: Digest }> {
  const blob = path.join(folder, 'layer');
  const what = typeof source === 'string' ? `the archive ${JSON.stringify(source)}` : 'the archive';
  try {
    const size = typeof source === 'string' ? fs.statSync(source, { throwIfNoEntry: false })?.size : undefined;
    const layer = await spool(open(source, signal), blob, what, size);
    const diffId = await addBottomLayer(root, { blob, signal }, path.join(folder, 'unpacked'), what);
    fs.renameSync(blob, blobPath(layout.directory, layer.digest));
    return { layer, diffId };
  } catch (error) {
    throw explainWrite(error, 'importing a layer');
  }
}

/**
 * Writes a layer's bytes to a new file and describes them. The disk is not filled: throws `no-space` before; `corrupt-layer` where
 * there are no bytes.
 *
 * @param expected how many bytes there are, where that is known
 */
export async function spool(
  source: AsyncIterable<Buffer>,
  file: string,
  what: string,
  expected = 0,
): Promise<Descriptor> {
  const guard = new DiskGuard(path.dirname(file), `storing ${what}`);
  guard.expect(expected);
  const fd = fs.openSync(file, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    const head = Buffer.alloc(magicLength);
    let size = 0;
    for await (const chunk of source) {
      if (size < magicLength) chunk.copy(head, size);
      guard.count(chunk.length);
      hash.update(chunk);
      for (let at = 0; at < chunk.length; ) at += fs.writeSync(fd, chunk, at);
      size += chunk.length;
    }
    if (size === 0) throw new MinidockError('corrupt-layer', `${what} is empty`);
    return { mediaType: layerType(head), digest: `sha256:${hash.digest('hex')}`, size };
  } finally {
    fs.closeSync(fd);
  }
}

function open(source: string | Readable, signal?: AbortSignal): Readable {
  const ending = (stream: Readable) => (signal === undefined ? stream : addAbortSignal(signal, stream));
  if (typeof source !== 'string') return ending(source);
  if (!fs.statSync(source, { throwIfNoEntry: false })?.isFile()) {
    throw new MinidockError('no-such-file', `cannot import ${JSON.stringify(source)}: no such file`);
  }
  return ending(fs.createReadStream(source, { highWaterMark: 256 << 10 }));
}
