import type { ContainerConfig } from '../../oci/image-config.ts';
import { imageName } from '../../oci/reference.ts';
import type { ImageRecord, ImageStore } from '../store.ts';
import { deriveImage } from './derive.ts';

export interface Commit {
  /** The image that the container was made from. */
  parent: ImageRecord;
  /** The changes as the tar of a layer, whiteouts in it. Asked for once, after what can be wrong was checked. */
  layer: () => AsyncIterable<Buffer>;
  config: ContainerConfig;
  /** What the container runs, for the history. */
  command: readonly string[];
  /** Id of the container. */
  container: string;
  reference?: string;
  author?: string;
  message?: string;
}

/**
 * Makes an image of another one and what a container changed.
 *
 * Throws `MinidockError`: `invalid-reference`, `no-space`, `store-failed`.
 */
export async function commitImage(store: ImageStore, commit: Commit): Promise<ImageRecord> {
  const { parent, layer, config, command, container, author, message } = commit;
  const name = commit.reference === undefined ? undefined : imageName(commit.reference);
  const history = {
    ...(author && { author }),
    created_by: command.join(' '),
    ...(message && { comment: message }),
  };
  const created = new Date().toISOString();
  const derivation = { parent, platform: parent, layer, config, created, history, container, ...(name && { name }) };
  return await deriveImage(store, derivation, 'committing a container');
}
