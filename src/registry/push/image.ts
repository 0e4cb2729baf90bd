import { MinidockError } from '../../errors.ts';
import type { ImageStore } from '../../image/store.ts';
import { type Digest, shortDigest } from '../../oci/digest.ts';
import { dockerManifest } from '../../oci/forms.ts';
import { maxConfigSize, parseConfig } from '../../oci/image-config.ts';
import { type Descriptor, type Manifest, maxManifestSize, parseManifest } from '../../oci/manifest.ts';
import type { Reference } from '../../oci/reference.ts';
import { chainIds } from '../../storage/chain.ts';
import { goesAsItIs } from '../form.ts';
import type { RegistryClient } from '../http/client.ts';
import { Slots } from '../http/slots.ts';
import type { PushEvent } from '../progress.ts';
import { BlobPush, type Brought, type PushedLayer } from './blobs.ts';
import type { UploadOutcome } from './upload.ts';

export interface ImagePushOptions {
  onProgress?: ((event: PushEvent) => void) | undefined;
  /** Largest body of one request; a whole blob where it is not given. */
  chunkSize?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** As Docker's default. */
const parallelUploads = 5;

/**
 * Brings what a registry lacks of an image: its config, then its layers side by side. Resolves to the manifest that is to
 * be put there: the one that the image has here, or one in Docker's schema 2; see `goesAsItIs`.
 *
 * @param reference where the image goes
 */
export async function pushImage(
  client: RegistryClient,
  store: ImageStore,
  digest: Digest,
  reference: Reference,
  options: ImagePushOptions,
): Promise<{ mediaType: string; content: Buffer }> {
  const { layout } = store;
  const content = layout.read(digest, maxManifestSize);
  const manifest = parseManifest(content, undefined, `manifest ${digest}`);
  if (manifest.kind !== 'manifest') throw new MinidockError('malformed-image', `${digest} is no image`);
  const { signal, chunkSize, onProgress } = options;
  const isKept = goesAsItIs(layout, digest, manifest);
  const stop = new AbortController();
  const signals = [stop.signal, ...(signal === undefined ? [] : [signal])];
  const blobs = new BlobPush(client, store, reference, { signal: AbortSignal.any(signals), chunkSize });
  try {
    const bring = (layer: PushedLayer) =>
      isKept
        ? blobs.send(layer.stored, bytes => layer.onProgress('Pushing', bytes, layer.stored.size))
        : blobs.sendGzip(layer);
    // The config is small: whether the registry is there and takes pushes is known before a layer is compressed.
    await blobs.send(manifest.config);
    const layers = await bringLayers(layersOf(store, manifest), bring, stop, onProgress);
    if (isKept) return { mediaType: manifest.mediaType, content };
    return dockerManifest(manifest.config, layers);
  } finally {
    blobs.close();
  }
}

type Layer = Omit<PushedLayer, 'onProgress'>;

function layersOf({ layout }: ImageStore, { config, layers }: Manifest): Layer[] {
  const diffIds = parseConfig(layout.read(config.digest, maxConfigSize), `image ${config.digest}`).rootfs.diff_ids;
  const chain = chainIds(diffIds);
  return layers.map((stored, i) => ({
    stored,
    diffId: diffIds[i] ?? stored.digest,
    chainId: chain[i] ?? stored.digest,
  }));
}

/** Several at a time. The first failure aborts `stop`, which ends the others, and is thrown. */
async function bringLayers(
  layers: readonly Layer[],
  bring: (layer: PushedLayer) => Promise<Brought>,
  stop: AbortController,
  onProgress: ImagePushOptions['onProgress'],
): Promise<Descriptor[]> {
  const show = ({ diffId }: Layer, phase: string, current?: number, total?: number) =>
    onProgress?.({ kind: 'layer', layer: shortDigest(diffId), phase, current, total });
  // Docker lists the topmost layer first.
  const order = [...layers].reverse();
  for (const layer of order) show(layer, 'Preparing');
  // Layers may be the same file: an empty one often is.
  const brought = new Map<Digest, Promise<Brought>>();
  const slots = new Slots(parallelUploads);
  const all = order.map(async layer => {
    const { digest } = layer.stored;
    await slots.take(() => show(layer, 'Waiting'));
    try {
      const known = brought.get(digest) ?? bring({ ...layer, onProgress: (...done) => show(layer, ...done) });
      brought.set(digest, known);
      const { outcome, blob } = await known;
      show(layer, phaseOf(outcome));
      return blob;
    } catch (error) {
      stop.abort(error);
      throw error;
    } finally {
      slots.give();
    }
  });
  await Promise.allSettled(all);
  stop.signal.throwIfAborted();
  return (await Promise.all(all)).reverse();
}

function phaseOf(outcome: UploadOutcome): string {
  if (outcome.kind === 'mounted') return `Mounted from ${outcome.from}`;
  return outcome.kind === 'exists' ? 'Layer already exists' : 'Pushed';
}
