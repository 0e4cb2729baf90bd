import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

export const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const cacheFolder = () => process.env.MINIDOCK_IMAGE_CACHE ?? join(checkout, '.cache/images');

/** An image in files, made once and kept. Do not write to them: other tests read them. */
export interface ImageFiles {
  /** OCI image layout with one image. */
  layout: string;
  /** Its name there (`org.opencontainers.image.ref.name`). */
  tag: string;
  /** The whole root filesystem as an uncompressed tar, for `minidock import`. */
  rootfs: string;
}

/**
 * The folder `.cache/images/<name>-<key>` (or in MINIDOCK_IMAGE_CACHE), built by `build` when it is missing or broken. It appears by a rename, so
 * two builders and a killed one do no harm. Folders of other keys of the same name are removed after a build.
 *
 * @param beside what `build` makes beside the layout
 */
export async function cached(
  name: string,
  inputs: string[],
  build: (folder: string) => Promise<void>,
  beside: readonly string[] = ['rootfs.tar'],
): Promise<string> {
  const shared = ['cache.ts', 'layout.ts', 'tree.ts'].map(file => recipe(new URL(file, import.meta.url).href));
  const key = createHash('sha256')
    .update([...shared, ...inputs].join('\0'))
    .digest('hex')
    .slice(0, 12);
  const imageCache = cacheFolder();
  const final = join(imageCache, `${name}-${key}`);
  if (await intact(final, beside)) return final;
  mkdirSync(imageCache, { recursive: true });
  const scratch = mkdtempSync(join(imageCache, `.${name}-`));
  const removeScratch = () => rmSync(scratch, { recursive: true, force: true });
  process.on('exit', removeScratch);
  try {
    await build(scratch);
    // Another builder was sooner, and others read what it made.
    if (await intact(final, beside)) return final;
    rmSync(final, { recursive: true, force: true });
    try {
      renameSync(scratch, final);
    } catch (error) {
      if (!(await intact(final, beside))) throw error;
    }
  } finally {
    removeScratch();
    process.off('exit', removeScratch);
  }
  for (const other of readdirSync(imageCache))
    if (other.startsWith(`${name}-`) && join(imageCache, other) !== final)
      rmSync(join(imageCache, other), { recursive: true, force: true });
  return final;
}

/** The text of a recipe: part of its image's key. */
export function recipe(url: string): string {
  return readFileSync(fileURLToPath(url), 'utf8');
}

/** Nothing is missing, and every blob of the layout has the bytes its name promises. */
async function intact(folder: string, beside: readonly string[]): Promise<boolean> {
  const blobs = join(folder, 'oci/blobs/sha256');
  if (!['oci/index.json', ...beside].every(file => existsSync(join(folder, file)))) return false;
  for (const name of readdirSync(blobs)) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(blobs, name)), hash);
    if (hash.digest('hex') !== name) return false;
  }
  return true;
}
