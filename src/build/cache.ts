import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Digest } from '../oci/digest.ts';
import { ensureDirectory, listIfPresent, readIfPresent, writeVolatile } from '../state/files.ts';

/** What a step made, by the key of all that it depends on. */
export interface CacheEntry {
  readonly image: Digest;
  /** Chain ID of the layer that it put on those below; none where it made none. */
  readonly layer?: Digest;
  /** The instruction as it is written. */
  readonly instruction: string;
  /** What it depends on, by name: digests of the files of COPY, of build arguments. */
  readonly inputs?: Readonly<Record<string, string>>;
}

/** Form of the keys: another one finds nothing that an older minidock wrote. */
const form = 3;

/**
 * The build cache, `<root>/build/steps`: a file a step. An entry whose image is gone counts as none. It is written without fsync: what a crash
 * of the machine leaves is read as no entry, and costs one step more.
 */
export class BuildCache {
  readonly #steps: string;
  readonly #sources: string;

  constructor(root: string) {
    this.#steps = path.join(root, 'build', 'steps');
    this.#sources = path.join(root, 'build', 'sources');
  }

  find(key: string): CacheEntry | undefined {
    return read(path.join(this.#steps, key));
  }

  /** What the same instruction in the same place made the last time, to tell what has changed since. */
  before(parent: string, instruction: string): CacheEntry | undefined {
    return read(path.join(this.#sources, keyOf([parent, instruction])));
  }

  keep(key: string, parent: string, entry: CacheEntry): void {
    const content = JSON.stringify(entry);
    writeVolatile(path.join(ensureDirectory(this.#steps), key), content);
    if (entry.inputs !== undefined)
      writeVolatile(path.join(ensureDirectory(this.#sources), keyOf([parent, entry.instruction])), content);
  }

  /** All steps, with their keys and when they were made, in milliseconds since 1970. */
  list(): { key: string; entry: CacheEntry; time: number }[] {
    return listIfPresent(this.#steps).flatMap(key => {
      const file = path.join(this.#steps, key);
      const entry = /^[0-9a-f]{64}$/.test(key) ? read(file) : undefined;
      const stats = fs.statSync(file, { throwIfNoEntry: false });
      return entry === undefined || stats === undefined ? [] : [{ key, entry, time: stats.mtimeMs }];
    });
  }

  /** Forgets a step; the image that it made stays. */
  forget(key: string): void {
    fs.rmSync(path.join(this.#steps, key), { force: true });
  }
}

/** The key of a step: the image below it, what it does, and what it does it with. */
export function keyOf(parts: readonly unknown[]): string {
  return createHash('sha256')
    .update(JSON.stringify([form, ...parts]))
    .digest('hex');
}

function read(file: string): CacheEntry | undefined {
  const content = readIfPresent(file);
  if (content === undefined) return undefined;
  try {
    return JSON.parse(content) as CacheEntry;
  } catch {
    return undefined;
  }
}
