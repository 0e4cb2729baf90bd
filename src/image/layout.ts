import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../errors.ts';
import { blobPath, type Digest } from '../oci/digest.ts';
import { type Descriptor, parseObject, readDescriptor } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { ensureDirectory, readIfPresent, writeAtomic } from '../state/files.ts';
import { withLock } from '../state/lock.ts';
import { privateDirectory } from '../state/private.ts';
import { writeWithSpare } from '../state/spare.ts';

/**
 * An OCI image layout (image-layout.md): `oci-layout`, `index.json` and `blobs/sha256/<hex>`. `skopeo inspect
 * oci:<directory>:docker.io/library/nginx:alpine` reads it as well.
 *
 * Blobs are written once and never changed; `index.json` is replaced atomically under a lock, so a reader needs none.
 */
export class Layout {
  readonly directory: string;
  #read: { version: string; entries: Descriptor[] } | undefined;
  #isAskedAgain = false;

  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * The entries of `index.json`; none where nothing was stored yet. What is read is kept until the file is replaced, except the first
   * time: most commands ask once, and need not look at the file twice for that.
   */
  entries(): Descriptor[] {
    const file = `${this.directory}/index.json`;
    const version = this.#isAskedAgain ? versionOf(file) : undefined;
    this.#isAskedAgain = true;
    if (version !== undefined && version === this.#read?.version) return this.#read.entries;
    const content = readIfPresent(file);
    if (content === undefined) return [];
    const { manifests } = parseObject(content, file);
    const entries = Array.isArray(manifests) ? manifests.map(entry => readDescriptor(entry, file)) : [];
    this.#read = version !== undefined && version === versionOf(file) ? { version, entries } : undefined;
    return entries;
  }

  /** Replaces the entries by what `change` makes of them; one process at a time. The same entries are not written again. */
  async update(change: (entries: Descriptor[]) => Descriptor[]): Promise<void> {
    await this.locked(() => {
      const entries = this.entries();
      const manifests = change(entries);
      if (manifests === entries) return;
      const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
      writeWithSpare(`${this.directory}/index.json`, `${JSON.stringify(index, null, 2)}\n`);
    });
  }

  /** Holds the lock under which images come and go. Not reentrant. */
  async locked<T>(action: () => Promise<T> | T): Promise<T> {
    this.create();
    return withLock(`${this.directory}/.lock`, action);
  }

  has(digest: Digest): boolean {
    return fs.existsSync(blobPath(this.directory, digest));
  }

  /** A small blob (manifest, config). Throws where it is missing or larger than `maxSize` bytes. */
  read(digest: Digest, maxSize: number): Buffer {
    return fs.readFileSync(this.#smallBlob(digest, maxSize));
  }

  /** As `read`, its text. */
  readText(digest: Digest, maxSize: number): string {
    return fs.readFileSync(this.#smallBlob(digest, maxSize), 'utf8');
  }

  #smallBlob(digest: Digest, maxSize: number): string {
    const file = blobPath(this.directory, digest);
    const size = fs.statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined || size > maxSize) {
      throw new MinidockError(
        'corrupt-store',
        `blob ${digest} in ${this.directory} ${size === undefined ? 'is missing' : `has ${size} bytes, more than ${maxSize}`}`,
        { fix: 'pull or import the image again' },
      );
    }
    return file;
  }

  /** Stores a small blob and returns its digest. */
  write(content: Uint8Array): Digest {
    const digest: Digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    this.create();
    if (!this.has(digest)) writeAtomic(blobPath(this.directory, digest), content);
    return digest;
  }

  /** Makes the empty layout; harmless where it exists. */
  create(): void {
    privateDirectory(this.directory);
    ensureDirectory(path.join(this.directory, 'blobs', 'sha256'));
    const marker = `${this.directory}/oci-layout`;
    if (!fs.existsSync(marker)) writeAtomic(marker, '{"imageLayoutVersion":"1.0.0"}\n');
  }
}

/**
 * What tells a file from the one that replaces it; undefined for one so young that another might have the same: file systems count
 * time in steps of up to 10 ms, and use the numbers of inodes again.
 */
function versionOf(file: string): string | undefined {
  const stats = fs.statSync(file, { throwIfNoEntry: false, bigint: true });
  if (stats === undefined || Date.now() - Number(stats.ctimeMs) < 100) return undefined;
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join();
}
