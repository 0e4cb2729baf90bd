import fs from 'node:fs';
import { MinidockError } from '../../errors.ts';
import type { ImageStore } from '../../image/store.ts';
import { blobPath, type Digest } from '../../oci/digest.ts';
import type { Descriptor } from '../../oci/manifest.ts';
import { mediaTypes } from '../../oci/media-types.ts';
import type { Reference } from '../../oci/reference.ts';
import { readLayer, rememberGzip } from '../../storage/layers.ts';
import { hasBlob } from '../download.ts';
import type { RegistryClient } from '../http/client.ts';
import { LayerCompressor } from './compress-layer.ts';
import { repositoriesHolding } from './sources.ts';
import { findBlob, type UploadOutcome, upload } from './upload.ts';

export interface BlobPushOptions {
  signal: AbortSignal;
  /** Largest body of one request; a whole blob where it is not given. */
  chunkSize?: number | undefined;
}

/** A layer of the image that is pushed. */
export interface PushedLayer {
  /** As it is stored. */
  stored: Descriptor;
  diffId: Digest;
  chainId: Digest;
  /** Bytes of `total` that are done. */
  onProgress: (phase: 'Compressing' | 'Pushing', current: number, total: number) => void;
}

/** A blob as the registry has it, and how it came there. */
export interface Brought {
  blob: Descriptor;
  outcome: UploadOutcome;
}

/** Brings the blobs of an image to a repository. `close` removes what was made for it. */
export class BlobPush {
  readonly #client: RegistryClient;
  readonly #store: ImageStore;
  readonly #options: BlobPushOptions;
  readonly #sources: ReadonlyMap<Digest, readonly string[]>;
  readonly #compressor: LayerCompressor;

  constructor(client: RegistryClient, store: ImageStore, reference: Reference, options: BlobPushOptions) {
    this.#client = client;
    this.#store = store;
    this.#options = options;
    this.#sources = repositoriesHolding(store, reference);
    this.#compressor = new LayerCompressor(store.layout, options.signal);
  }

  /** A blob as it is stored. */
  async send(blob: Descriptor, onProgress?: (bytes: number) => void): Promise<Brought> {
    return this.#upload(blob, this.#stored(blob), onProgress);
  }

  /**
   * A layer in the form that Docker's schema 2 has: what is not gzip is compressed, once. Its digest is remembered with the layer, and
   * a registry that has it is not sent it again.
   */
  async sendGzip({ stored, diffId, chainId, onProgress }: PushedLayer): Promise<Brought> {
    const mediaType: string = mediaTypes.dockerLayerGzip;
    const pushing = (blob: Descriptor) => (bytes: number) => onProgress('Pushing', bytes, blob.size);
    if ([mediaTypes.ociLayerGzip, mediaType].includes(stored.mediaType)) return this.send(stored, pushing(stored));
    this.#stored(stored);
    const known = readLayer(this.#store.root, chainId)?.gzip;
    if (known !== undefined) {
      const blob = { ...known, mediaType };
      const outcome = await findBlob(this.#client, blob, this.#optionsFor(blob));
      if (outcome !== undefined) return { blob, outcome };
    }
    const compressing = (bytes: number) => onProgress('Compressing', bytes, stored.size);
    const { blob, file } = await this.#compressor.compress(stored, diffId, compressing);
    rememberGzip(this.#store.root, chainId, { digest: blob.digest, size: blob.size });
    const brought = await this.#upload(blob, file, pushing(blob));
    fs.rmSync(file);
    return brought;
  }

  close(): void {
    this.#compressor.close();
  }

  async #upload(blob: Descriptor, file: string, onProgress?: (bytes: number) => void): Promise<Brought> {
    return { blob, outcome: await upload(this.#client, file, blob, { ...this.#optionsFor(blob), onProgress }) };
  }

  #optionsFor(blob: Descriptor) {
    return { ...this.#options, mountFrom: this.#sources.get(blob.digest) };
  }

  #stored(blob: Descriptor): string {
    const { layout } = this.#store;
    this.#options.signal.throwIfAborted();
    if (hasBlob(layout, blob)) return blobPath(layout.directory, blob.digest);
    throw new MinidockError('corrupt-store', `blob ${blob.digest} in ${layout.directory} is missing or cut short`, {
      fix: 'pull or import the image again',
    });
  }
}
