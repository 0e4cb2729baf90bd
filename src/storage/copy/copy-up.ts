import { byteString } from '../bytes.ts';
import { DiskGuard } from '../disk-guard.ts';
import { explainWrite } from '../failure.ts';
import { resolve } from '../merged-view.ts';
import { copyTree } from './tree.ts';

/**
 * Copies what an image has at `source` into `destination`, an existing empty directory, which takes on that directory's
 * owner, mode, time and attributes: this is how a new volume gets the image's content. Returns whether there was such a
 * directory. No container may reach `destination` meanwhile: copy beside the volume and rename.
 *
 * @param what stands for the copy in errors: `copying /data of the image`
 * @throws {MinidockError} `no-space`, `store-failed`; the caller removes what is there by then
 */
export async function copyUp(
  layers: readonly string[],
  source: string,
  destination: string,
  what = `copying ${source} of the image`,
): Promise<boolean> {
  const found = resolve(layers, byteString(source));
  if (found.kind !== 'directory' || found.directories === undefined) return false;
  try {
    await copyTree(found.directories, byteString(destination), new DiskGuard(destination, what));
  } catch (error) {
    throw explainWrite(error, what);
  }
  return true;
}
