import { availableParallelism } from 'node:os';
import { collect, type Parts } from '../image/collect.ts';
import type { ImageStore } from '../image/store.ts';
import { blobPath, type Digest, shortDigest } from '../oci/digest.ts';
import type { Descriptor } from '../oci/manifest.ts';
import { chainIds, layerDirectory } from '../storage/chain.ts';
import { ensureLayer, hasLayer } from '../storage/layers.ts';
import { UnpackPool } from '../storage/unpack/pool.ts';
import { download, hasBlob } from './download.ts';
import type { RegistryClient } from './http/client.ts';
import { Slots } from './http/slots.ts';
import type { LayerPhase, PullEvent } from './progress.ts';

/** As Docker's default. */
const parallelDownloads = 3;
/**
 * Each thread costs tens of megabytes, and more of them would wait for each other in the kernel, which makes the files.
 */
const maxThreads = 2;

/**
 * Downloads a few layers at a time and unpacks each as soon as it is there, several at once; a layer is finished, and
 * appears, when those below it have.
 */
export async function fetchLayers(
  client: RegistryClient,
  store: ImageStore,
  layers: readonly Descriptor[],
  diffIds: readonly Digest[],
  options: { isKnown: boolean; signal?: AbortSignal; onProgress?: (event: PullEvent) => void },
): Promise<void> {
  const { root } = store;
  const { onProgress } = options;
  const chain = chainIds(diffIds);
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const show = (i: number, phase: LayerPhase, current?: number) =>
    onProgress?.({ kind: 'layer', layer: shortDigest(layers[i]!.digest), phase, current, total: layers[i]!.size });
  const isHere = (i: number) => hasLayer(root, chain[i]!) && hasBlob(store.layout, layers[i]!);
  // Docker shows no layers for an image that exists already; here a missing layer that is fetched again is shown.
  for (const i of layers.keys())
    if (!isHere(i)) show(i, 'Pulling fs layer');
    else if (!options.isKnown) show(i, 'Already exists');

  const added: Parts = { blobs: [], layers: [] };
  const slots = new Slots(parallelDownloads);
  const fetched = layers.map(async (layer, i) => {
    if (isHere(i)) return;
    await slots.take(() => show(i, 'Waiting'));
    try {
      signal.throwIfAborted();
      const isNew = await download(client, store.layout, layer, {
        signal,
        isResumable: () => options.signal?.aborted ?? false,
        onProgress: bytes => show(i, 'Downloading', bytes),
        onVerify: () => show(i, 'Verifying Checksum'),
      });
      if (isNew) added.blobs.push(layer.digest);
      show(i, 'Download complete');
    } catch (error) {
      // The first failure ends the others; theirs follow from it.
      stop.abort(error);
      throw error;
    } finally {
      slots.give();
    }
  });
  const missing = layers.filter((_, i) => !hasLayer(root, chain[i]!)).length;
  const pool = missing > 1 ? new UnpackPool(Math.min(missing, availableParallelism(), maxThreads)) : undefined;
  const unpacked: Promise<void>[] = [];
  for (const [i, layer] of layers.entries()) {
    const unpack = async () => {
      await fetched[i];
      if (isHere(i)) return;
      const isNew = await ensureLayer(root, {
        chainId: chain[i]!,
        diffId: diffIds[i]!,
        below: async () => {
          // All layers are awaited: one that exists already does not wait for those below it, which another process may
          // have removed.
          await Promise.all(unpacked.slice(0, i));
          return chain.slice(0, i).map(chainId => layerDirectory(root, chainId));
        },
        blob: blobPath(store.layout.directory, layer.digest),
        onProgress: bytes => show(i, 'Extracting', bytes),
        signal,
        ...(pool && { unpack: (task, hooks) => pool.unpack(task, hooks) }),
      });
      if (isNew) added.layers.push(chain[i]!);
      show(i, 'Pull complete');
    };
    unpacked.push(
      unpack().catch(error => {
        stop.abort(error);
        throw error;
      }),
    );
  }
  try {
    await Promise.all(unpacked);
  } catch {
    await Promise.allSettled([...fetched, ...unpacked]);
    // Ctrl-C keeps what has come for the next time; a failure leaves nothing.
    if (!options.signal?.aborted) await collect(root, store.layout, added);
    throw stop.signal.reason;
  } finally {
    await pool?.close();
  }
}
