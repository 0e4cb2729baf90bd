import fs from 'node:fs';
import path from 'node:path';
import { blobPath, type Digest } from '../../oci/digest.ts';
import type { ContainerConfig, HistoryEntry, ImageConfig } from '../../oci/image-config.ts';
import { type Descriptor, maxManifestSize, type Platform, parseManifest } from '../../oci/manifest.ts';
import type { Reference } from '../../oci/reference.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { chainIds } from '../../storage/chain.ts';
import { explainWrite } from '../../storage/failure.ts';
import { ensureLayer } from '../../storage/layers.ts';
import { addImage } from '../create.ts';
import { spool } from '../import.ts';
import type { ImageRecord, ImageStore } from '../store.ts';
import { beginWork } from '../work.ts';

export interface Derivation {
  /** The image below; none for one that begins with nothing (`FROM scratch`). */
  parent: ImageRecord | undefined;
  /** Of an image without a parent. */
  platform: Platform;
  /** The tar of a layer, whiteouts in it; asked for once. None: the image has its parent's files. */
  layer?: () => AsyncIterable<Buffer>;
  /** In place of `layer`: one that an image of this store has on the same layers. */
  reused?: ReusedLayer;
  config: ContainerConfig;
  /** RFC 3339. */
  created: string;
  /** What `history` shows of this step. */
  history: Omit<HistoryEntry, 'created' | 'empty_layer'>;
  /** Id of the container that the layer comes from. */
  container?: string;
  name?: Reference;
}

export interface ReusedLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
}

/** The layer of an image at an index, bottom first. */
export function reusableLayer(store: ImageStore, image: ImageRecord, index: number): ReusedLayer {
  return { descriptor: layersOf(store, image)[index]!, diffId: image.diffIds[index]! };
}

/** The diff ID of a tar without a member: what changes nothing makes no layer. */
const emptyLayer: Digest = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

/**
 * Makes an image of another one with another config and, maybe, a layer on top. Layer and image appear whole, by a rename each,
 * or not at all. `what` is what is done, for errors of the disk.
 *
 * Throws `MinidockError`: `no-space`, `store-failed`.
 */
export async function deriveImage(store: ImageStore, derivation: Derivation, what: string): Promise<ImageRecord> {
  const { parent, config, created, history, container } = derivation;
  // While this folder is there, nothing is collected: see collect.ts.
  const folder = await beginWork(store.layout, 'commit');
  try {
    const made = derivation.layer && (await storeLayer(store, derivation, path.join(folder, 'layer'), what));
    const own =
      made === undefined || made.digest === emptyLayer ? undefined : { descriptor: made, diffId: made.digest };
    const layer = derivation.reused ?? own;
    const image: ImageConfig & Record<string, unknown> = {
      ...platformOf(derivation),
      created,
      ...(history.author && { author: history.author }),
      ...(container !== undefined && { container }),
      config,
      ...(history.comment && { comment: history.comment }),
      rootfs: { type: 'layers', diff_ids: [...(parent?.diffIds ?? []), ...(layer ? [layer.diffId] : [])] },
      history: [...(parent?.history ?? []), { created, ...history, ...(layer === undefined && { empty_layer: true }) }],
    };
    const layers = [...(parent ? layersOf(store, parent) : []), ...(layer ? [layer.descriptor] : [])];
    return await addImage(store, image, layers, derivation.name, parent?.id);
  } finally {
    removeTree(folder);
  }
}

/** The parent's, with what Windows and others say beside it. */
function platformOf({ parent, platform }: Derivation): Pick<ImageConfig, 'architecture' | 'os' | 'variant'> {
  const { architecture, os, variant } = parent ?? platform;
  const document = parent?.document ?? {};
  const inherited = Object.fromEntries(
    ['os.version', 'os.features'].flatMap(key => (key in document ? [[key, document[key]]] : [])),
  );
  return { architecture, os, ...(variant !== undefined && { variant }), ...inherited };
}

/** Spools the layer, unpacks it over those of the parent, and only then keeps it as a blob. It is not compressed: its digest is its diff ID. */
async function storeLayer(
  { root, layout }: ImageStore,
  { parent, layer: source }: Derivation,
  blob: string,
  what: string,
): Promise<Descriptor> {
  try {
    const layer = await spool(source!(), blob, 'the layer');
    if (layer.digest === emptyLayer) return layer;
    const [chainId] = chainIds([...(parent?.diffIds ?? []), layer.digest]).slice(-1);
    await ensureLayer(root, { chainId: chainId!, diffId: layer.digest, blob, below: () => parent?.layers ?? [] });
    fs.renameSync(blob, blobPath(layout.directory, layer.digest));
    return layer;
  } catch (error) {
    throw explainWrite(error, what);
  }
}

function layersOf({ layout }: ImageStore, { manifestDigest }: ImageRecord): readonly Descriptor[] {
  const content = layout.read(manifestDigest, maxManifestSize);
  const manifest = parseManifest(content, undefined, `manifest ${manifestDigest}`);
  return 'layers' in manifest ? manifest.layers : [];
}
