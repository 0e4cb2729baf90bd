import fs from 'node:fs';
import path from 'node:path';
import { blobPath, type Digest } from '../../oci/digest.ts';
import type { ContainerConfig, ImageConfig } from '../../oci/image-config.ts';
import { type Descriptor, maxManifestSize, parseManifest } from '../../oci/manifest.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { chainIds } from '../../storage/chain.ts';
import { explainWrite } from '../../storage/failure.ts';
import { ensureLayer } from '../../storage/layers.ts';
import { addImage } from '../create.ts';
import { imageName, spool } from '../import.ts';
import type { ImageRecord, ImageStore } from '../store.ts';
import { beginWork } from '../work.ts';

export interface Commit {
  /** The image that the container was made from. */
  parent: ImageRecord;
  /** The changes as the tar of a layer, whiteouts in it. Asked for once, after what can be wrong was checked. */
  layer: () => AsyncIterable<Buffer>;
  config: ContainerConfig;
  /** Id of the container. */
  container: string;
  reference?: string;
  author?: string;
  message?: string;
}

/** The diff ID of a tar without a member: what changes nothing makes no layer. */
const emptyLayer: Digest = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

/**
 * Makes an image of another one and a layer on top. Layer and image appear whole, by a rename each, or not at all.
 *
 * Throws `MinidockError`: `invalid-reference`, `no-space`, `store-failed`.
 */
export async function commitImage(store: ImageStore, commit: Commit): Promise<ImageRecord> {
  const { parent, config, author, message, container } = commit;
  const name = commit.reference === undefined ? undefined : imageName(commit.reference);
  // While this folder is there, nothing is collected: see collect.ts.
  const folder = await beginWork(store.layout, 'commit');
  try {
    const layer = await storeLayer(store, commit, path.join(folder, 'layer'));
    const isEmpty = layer.digest === emptyLayer;
    const created = new Date().toISOString();
    const { document, architecture, os, variant } = parent;
    const inherited = Object.fromEntries(
      ['os.version', 'os.features'].flatMap(key => (key in document ? [[key, document[key]]] : [])),
    );
    const image: ImageConfig & Record<string, unknown> = {
      architecture,
      os,
      ...(variant !== undefined && { variant }),
      ...inherited,
      created,
      ...(author && { author }),
      container,
      config,
      ...(message && { comment: message }),
      rootfs: { type: 'layers', diff_ids: [...parent.diffIds, ...(isEmpty ? [] : [layer.digest])] },
      history: [
        ...parent.history,
        {
          created,
          ...(author && { author }),
          created_by: (config.Cmd ?? []).join(' '),
          ...(message && { comment: message }),
          ...(isEmpty && { empty_layer: true }),
        },
      ],
    };
    const layers = [...layersOf(store, parent), ...(isEmpty ? [] : [layer])];
    return await addImage(store, image, layers, name, parent.id);
  } finally {
    removeTree(folder);
  }
}

/** Spools the layer, unpacks it over those of the parent, and only then keeps it as a blob. It is not compressed: its digest is its diff ID. */
async function storeLayer(
  { root, layout }: ImageStore,
  { parent, layer: source }: Commit,
  blob: string,
): Promise<Descriptor> {
  try {
    const layer = await spool(source(), blob, 'the layer');
    if (layer.digest === emptyLayer) return layer;
    const [chainId] = chainIds([...parent.diffIds, layer.digest]).slice(-1);
    await ensureLayer(root, { chainId: chainId!, diffId: layer.digest, blob, below: () => parent.layers });
    fs.renameSync(blob, blobPath(layout.directory, layer.digest));
    return layer;
  } catch (error) {
    throw explainWrite(error, 'committing a container');
  }
}

function layersOf({ layout }: ImageStore, { manifestDigest }: ImageRecord): readonly Descriptor[] {
  const content = layout.read(manifestDigest, maxManifestSize);
  const manifest = parseManifest(content, undefined, `manifest ${manifestDigest}`);
  return 'layers' in manifest ? manifest.layers : [];
}
