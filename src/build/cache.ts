import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Digest } from '../oci/digest.ts';
import { ensureDirectory, readIfPresent, writeVolatile } from '../state/files.ts';

/** What a step made, by the key of all that it depends on. */
export interface CacheEntry {
  readonly image: Digest;
  /** The instruction as it is written. */
  readonly instruction: string;
  /** Of COPY and ADD: a digest of each file. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Form of the keys: another one finds nothing that an older minidock wrote. */
const form = 1;

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
    if (entry.files !== undefined)
      writeVolatile(path.join(ensureDirectory(this.#sources), keyOf([parent, entry.instruction])), content);
  }

  /** Forgets all steps; the images that they made stay until they are pruned. Returns how many there were. */
  clear(): number {
    const count = fs.existsSync(this.#steps) ? fs.readdirSync(this.#steps).length : 0;
    for (const folder of [this.#steps, this.#sources]) fs.rmSync(folder, { recursive: true, force: true });
    return count;
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
