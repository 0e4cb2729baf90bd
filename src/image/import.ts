import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip, type Gunzip } from 'node:zlib';
import { MinidockError } from '../errors.ts';
import {
  type Compression,
  checkNothingFollows,
  compressionOf,
  explainInflate,
  magicLength,
} from '../storage/compression.ts';
import { explainWrite } from '../storage/failure.ts';
import { ensureLayer } from '../storage/layers.ts';
import { applyChanges } from './changes.ts';
import type { ImageConfig } from './config.ts';
import { addImage } from './create.ts';
import { blobPath, type Digest } from './digest.ts';
import type { Descriptor, Platform } from './manifest.ts';
import { mediaTypes } from './media-types.ts';
import { parseName, parseReference, type Reference } from './reference.ts';
import { type ImageRecord, ImageStore } from './store.ts';
import { beginWork } from './work.ts';

export interface ImportOptions {
  /** The engine's root. */
  root: string;
  /** A tar, plain or gzip: a file's path, or its bytes. */
  source: string | Readable;
  /** `repo[:tag]`; without one the image has no name. */
  reference?: string;
  /** As `docker import --change`. */
  changes?: readonly string[];
  message?: string;
  platform?: Platform;
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
    const { layer, diffId } = await storeLayer(store, options.source, path.join(folder, 'layer'));
    const created = new Date().toISOString();
    const from = typeof options.source === 'string' ? path.basename(options.source) : '-';
    const image: ImageConfig = {
      ...(options.platform ?? { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch }),
      created,
      config,
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [{ created, comment: message ?? `Imported from ${from}` }],
    };
    return await addImage(store, image, [layer], name);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Spools the tar, computes on the way its digest and that of what it unpacks to, unpacks it, and only then keeps it. */
async function storeLayer(
  { root, layout }: ImageStore,
  source: string | Readable,
  partial: string,
): Promise<{ layer: Descriptor; diffId: Digest }> {
  try {
    const { layer, diffId } = await spool(open(source), partial);
    await ensureLayer(root, { chainId: diffId, diffId, below: () => [], blob: partial });
    fs.renameSync(partial, blobPath(layout.directory, layer.digest));
    return { layer, diffId };
  } catch (error) {
    throw explainWrite(error, 'importing a layer');
  }
}

async function spool(source: AsyncIterable<Buffer>, file: string): Promise<{ layer: Descriptor; diffId: Digest }> {
  const fd = fs.openSync(file, 'wx', 0o644);
  try {
    const digest = createHash('sha256');
    const diff = new DiffHash();
    let size = 0;
    for await (const chunk of source) {
      digest.update(chunk);
      for (let at = 0; at < chunk.length; ) at += fs.writeSync(fd, chunk, at);
      size += chunk.length;
      await diff.write(chunk);
    }
    if (size === 0) throw new MinidockError('corrupt-layer', 'the archive is empty');
    const { diffId, compression } = await diff.finish();
    const mediaType = compression === 'gzip' ? mediaTypes.ociLayerGzip : mediaTypes.ociLayer;
    return { layer: { mediaType, digest: `sha256:${digest.digest('hex')}`, size }, diffId };
  } finally {
    fs.closeSync(fd);
  }
}

function open(source: string | Readable): AsyncIterable<Buffer> {
  if (typeof source !== 'string') return source;
  if (!fs.statSync(source, { throwIfNoEntry: false })?.isFile()) {
    throw new MinidockError('no-such-file', `cannot import ${JSON.stringify(source)}: no such file`);
  }
  return fs.createReadStream(source, { highWaterMark: 256 << 10 });
}

/** The digest of a stream once it is decompressed. */
class DiffHash {
  readonly #hash = createHash('sha256');
  #inflate: Gunzip | undefined;
  /** The gzip stream is over: well, or with a failure. */
  #isOver = false;
  #size = 0;
  #failure: Error | undefined;
  #head: Buffer = Buffer.alloc(0);
  #compression: Compression | undefined;
  #wake = () => {};

  /** Resolves when more is welcome. */
  async write(chunk: Buffer): Promise<void> {
    if (this.#compression !== undefined) return this.#pass(chunk);
    this.#head = Buffer.concat([this.#head, chunk]);
    if (this.#head.length >= magicLength) await this.#start();
  }

  async finish(): Promise<{ diffId: Digest; compression: Compression }> {
    if (this.#compression === undefined) await this.#start();
    this.#inflate?.end();
    while (this.#inflate !== undefined && !this.#isOver) await this.#event();
    if (this.#failure !== undefined) throw explainInflate(this.#failure, 'the archive');
    if (this.#inflate !== undefined) checkNothingFollows(this.#inflate.bytesWritten, this.#size, 'the archive');
    return { diffId: `sha256:${this.#hash.digest('hex')}`, compression: this.#compression! };
  }

  async #start(): Promise<void> {
    this.#compression = compressionOf(this.#head, 'the archive');
    if (this.#compression === 'gzip') this.#inflate = this.#open();
    await this.#pass(this.#head);
  }

  #open(): Gunzip {
    const over = (failure?: Error) => {
      this.#isOver = true;
      this.#failure ??= failure;
      this.#wake();
    };
    return createGunzip({ chunkSize: 256 << 10 })
      .on('data', chunk => this.#hash.update(chunk))
      .on('drain', () => this.#wake())
      .on('end', () => over())
      .on('error', over);
  }

  async #pass(chunk: Buffer): Promise<void> {
    if (this.#failure !== undefined) throw explainInflate(this.#failure, 'the archive');
    this.#size += chunk.length;
    if (this.#inflate === undefined) this.#hash.update(chunk);
    // Bytes behind the end of a gzip stream are never taken: waiting for `drain` alone would wait for ever.
    else if (!this.#isOver && !this.#inflate.write(chunk)) await this.#event();
  }

  #event(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve;
    });
  }
}

/** An image's name as a user gives it for something new: no digest. */
function imageName(text: string): Reference {
  if (parseName(text).digest === undefined) return parseReference(text);
  throw new MinidockError('invalid-reference', `cannot name an image by a digest: ${JSON.stringify(text)}`);
}
