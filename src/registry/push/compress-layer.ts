import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../../errors.ts';
import type { Layout } from '../../image/layout.ts';
import { blobPath, type Digest, shortDigest } from '../../oci/digest.ts';
import type { Descriptor } from '../../oci/manifest.ts';
import { mediaTypes } from '../../oci/media-types.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { makeWorkingFolder } from '../../state/working-folder.ts';
import { gzipInto } from '../../storage/compression/compress.ts';
import { decompress } from '../../storage/compression/decompress.ts';
import { explainWrite } from '../../storage/failure.ts';

/** A layer in the form that Docker's schema 2 has: a blob, and the file it lies in. */
export interface CompressedLayer {
  blob: Descriptor;
  file: string;
}

/**
 * Compresses layers for a push, each into a file beside the blobs: a registry may ask for the bytes again, and wants to know how
 * many there are. `close` removes them all; what a killed push leaves, the next collection removes.
 */
export class LayerCompressor {
  readonly #layout: Layout;
  readonly #signal: AbortSignal;
  #folder: string | undefined;

  constructor(layout: Layout, signal: AbortSignal) {
    this.#layout = layout;
    this.#signal = signal;
  }

  /** @param onProgress bytes of the stored layer that are done  @throws {MinidockError} `corrupt-store`, `no-space` */
  async compress(layer: Descriptor, diffId: Digest, onProgress: (bytes: number) => void): Promise<CompressedLayer> {
    this.#folder ??= makeWorkingFolder(path.join(this.#layout.directory, '.partial'), 'push');
    const file = path.join(this.#folder, shortDigest(layer.digest));
    const stored = blobPath(this.#layout.directory, layer.digest);
    const source = fs.createReadStream(stored, { highWaterMark: 256 << 10 });
    source.on('data', () => onProgress(source.bytesRead));
    const content = decompress(source, `layer ${diffId}`);
    try {
      const { digest, size, contentDigest } = await gzipInto(file, content, { signal: this.#signal });
      if (contentDigest !== diffId) throw damaged(stored, diffId, contentDigest);
      return { blob: { mediaType: mediaTypes.dockerLayerGzip, digest, size }, file };
    } catch (error) {
      this.#signal.throwIfAborted();
      throw explainWrite(error, 'compressing a layer');
    } finally {
      source.destroy();
    }
  }

  close(): void {
    if (this.#folder !== undefined) removeTree(this.#folder);
  }
}

function damaged(file: string, diffId: Digest, found: Digest): MinidockError {
  return new MinidockError('corrupt-store', `${file} is damaged: it unpacks to ${found}, not to ${diffId}`, {
    fix: 'load or import the image again',
  });
}
