import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../errors.ts';
import type { Layout } from '../image/layout.ts';
import { blobPath, hexOf } from '../oci/digest.ts';
import type { Descriptor } from '../oci/manifest.ts';
import { ensureDirectory } from '../state/files.ts';
import { explainWrite, isFileError } from '../storage/failure.ts';
import { singleFlight } from '../storage/single-flight.ts';
import type { RegistryClient } from './http/client.ts';
import { readBody } from './http/http.ts';

export interface DownloadOptions {
  /** Bytes that are there, of all that the descriptor names. */
  onProgress?: (bytes: number) => void;
  onVerify?: () => void;
  signal?: AbortSignal;
  /** Whether what has come is kept for the next time, asked when the download fails. */
  isResumable?: () => boolean;
}

/** Whether the blob is stored whole: a power cut may have left a shorter file under its name. */
export function hasBlob(layout: Layout, { digest, size }: Descriptor): boolean {
  return fs.statSync(blobPath(layout.directory, digest), { throwIfNoEntry: false })?.size === size;
}

/**
 * Downloads a blob into the layout unless it is there. It is written to `.partial/<hex>`, its size bounded and its digest
 * computed on the way, and takes its name by one rename. What a killed download left is continued with a Range request.
 *
 * Throws `MinidockError` `digest-mismatch`, `truncated-blob`, `no-space`; what the client throws otherwise.
 */
export async function download(
  client: RegistryClient,
  layout: Layout,
  blob: Descriptor,
  options: DownloadOptions = {},
): Promise<boolean> {
  layout.create();
  const partial = path.join(ensureDirectory(path.join(layout.directory, '.partial')), hexOf(blob.digest));
  return singleFlight(
    `${partial}.lock`,
    () => hasBlob(layout, blob),
    async () => {
      const transfer = new Transfer(partial, blob, options);
      try {
        await client.retry(() => transfer.run(client), options.signal);
        options.onVerify?.();
        transfer.verify();
        fs.renameSync(partial, blobPath(layout.directory, blob.digest));
      } catch (error) {
        if (!options.isResumable?.()) fs.rmSync(partial, { force: true });
        throw isFileError(error) ? explainWrite(error, `downloading ${blob.digest}`) : error;
      } finally {
        transfer.close();
      }
    },
    options.signal,
  );
}

/** A config or manifest: small, kept in memory, verified. */
export async function downloadSmall(client: RegistryClient, blob: Descriptor, maxSize: number): Promise<Buffer> {
  if (blob.size > maxSize)
    throw new MinidockError('malformed-image', `${blob.digest} has ${blob.size} bytes, more than ${maxSize}`);
  return client.retry(async () => {
    const content = await readBody(await client.get(`blobs/${blob.digest}`), blob.size);
    if (content.length < blob.size) throw truncated(blob, content.length);
    const found = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    if (found !== blob.digest) throw mismatch(blob, found);
    return content;
  });
}

class Transfer {
  readonly #blob: Descriptor;
  readonly #options: DownloadOptions;
  readonly #fd: number;
  #hash: Hash = createHash('sha256');
  #size = 0;

  constructor(file: string, blob: Descriptor, options: DownloadOptions) {
    this.#blob = blob;
    this.#options = options;
    this.#fd = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
    this.#readBack();
  }

  /** One request; throws where the connection ends before the blob does. */
  async run(client: RegistryClient): Promise<void> {
    const { digest, size } = this.#blob;
    if (this.#size === size && size > 0) return;
    const range: Record<string, string> = this.#size > 0 ? { range: `bytes=${this.#size}-` } : {};
    const { status, headers, body } = await client.get(`blobs/${digest}`, range, this.#options.signal);
    const continues = status === 206 && headers['content-range']?.startsWith(`bytes ${this.#size}-`);
    if (this.#size > 0 && !continues) this.#restart();
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) this.#append(chunk);
    } finally {
      body.destroy();
    }
    if (this.#size < size) throw truncated(this.#blob, this.#size);
  }

  verify(): void {
    const found = `sha256:${this.#hash.digest('hex')}`;
    if (found !== this.#blob.digest) throw mismatch(this.#blob, found);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }

  #append(chunk: Buffer): void {
    if (this.#size + chunk.length > this.#blob.size) {
      throw new MinidockError(
        'digest-mismatch',
        `blob ${this.#blob.digest} is larger than the ${this.#blob.size} bytes that the manifest names`,
      );
    }
    this.#hash.update(chunk);
    for (let at = 0; at < chunk.length; ) at += fs.writeSync(this.#fd, chunk, at, chunk.length - at, this.#size + at);
    this.#size += chunk.length;
    this.#options.onProgress?.(this.#size);
  }

  #restart(): void {
    fs.ftruncateSync(this.#fd, 0);
    this.#hash = createHash('sha256');
    this.#size = 0;
  }

  /** Takes up what an earlier download left. */
  #readBack(): void {
    if (fs.fstatSync(this.#fd).size > this.#blob.size) this.#restart();
    const chunk = Buffer.allocUnsafe(1 << 20);
    for (let read = -1; read !== 0; this.#size += read) {
      read = fs.readSync(this.#fd, chunk, 0, chunk.length, this.#size);
      this.#hash.update(chunk.subarray(0, read));
    }
  }
}

/** Counts as a broken connection, which is tried again: see `isTransient`. */
function truncated({ digest, size }: Descriptor, got: number): MinidockError {
  return new MinidockError('truncated-blob', `blob ${digest} was cut short: ${got} of ${size} bytes came`);
}

function mismatch({ digest }: Descriptor, found: string): MinidockError {
  return new MinidockError('digest-mismatch', `digest mismatch: asked for blob ${digest}, got ${found}`, {
    fix: 'the registry or something on the way changed it: pull again, or from elsewhere',
  });
}
