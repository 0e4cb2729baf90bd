import { MinidockError } from '../errors.ts';
import { withoutName } from '../image/entries.ts';
import type { Layout } from '../image/layout.ts';
import { ImageStore } from '../image/store.ts';
import { annotationKeys } from '../oci/annotations.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { maxConfigSize, parseConfig } from '../oci/image-config.ts';
import { type Descriptor, type Manifest, maxManifestSize, parseManifest } from '../oci/manifest.ts';
import { canonical, familiar, familiarName, parseName, type Reference, repositoryOf } from '../oci/reference.ts';
import { readDaemonConfig } from './daemon-config.ts';
import { hasBlob } from './download.ts';
import { type Endpoint, endpointsOf } from './endpoints.ts';
import { type ClientOptions, RegistryClient } from './http/client.ts';
import { explainPush } from './http/errors.ts';
import { isConnectionFailure } from './http/http.ts';
import { Slots } from './http/slots.ts';
import type { PushEvent } from './progress.ts';
import { upload } from './upload.ts';

export interface PushOptions extends ClientOptions {
  /** The engine's root. */
  root: string;
  /** Every tag that the repository has here. */
  allTags?: boolean;
  onProgress?: (event: PushEvent) => void;
  /** Largest body of one request; a whole blob where it is not given. */
  chunkSize?: number;
}

export interface Pushed {
  tag: string;
  digest: Digest;
  /** Bytes of the manifest. */
  size: number;
}

/** As Docker's default. */
const parallelUploads = 5;

/**
 * Brings an image to the registry that its name names: what the registry lacks of its blobs, then its manifest, byte for byte
 * as it was pulled or made, so that its digest is the same everywhere. Throws `MinidockError` in Docker's words.
 */
export async function push(text: string, options: PushOptions): Promise<Pushed[]> {
  const { allTags = false, onProgress } = options;
  const given = parseName(text);
  if (given.digest !== undefined) throw new MinidockError('invalid-reference', 'cannot push a digest reference');
  if (allTags && given.tag !== undefined) {
    throw new MinidockError('invalid-reference', "tag can't be used with --all-tags/-a");
  }
  const reference = allTags ? given : { ...given, tag: given.tag ?? 'latest' };
  onProgress?.({ kind: 'pushing', repository: repositoryOf(reference) });
  const { layout } = new ImageStore(options.root);
  const images = imagesNamed(layout, reference);
  if (images.length === 0) {
    const name = familiarName(reference);
    throw new MinidockError('no-such-image', `An image does not exist locally with the tag: ${name}`, {
      fix: `minidock images; minidock tag IMAGE ${familiar(reference)}`,
    });
  }
  const config = readDaemonConfig(options);
  // A mirror only repeats what it was served: pushes go to the registry itself.
  const endpoints = (await endpointsOf(reference, config)).filter(({ mirror }) => !mirror);
  for (const [i, endpoint] of endpoints.entries()) {
    try {
      return await pushTo(endpoint, reference, images, layout, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (i === endpoints.length - 1 || !isConnectionFailure(error)) throw explainPush(error, reference, endpoint);
    }
  }
  throw new Error('no endpoint');
}

interface Named {
  tag: string;
  entry: Descriptor;
}

/** Entries of the reference's tag, or of every tag of its repository. */
function imagesNamed(layout: Layout, reference: Reference): Named[] {
  return layout.entries().flatMap(entry => {
    const name = entry.annotations?.[annotationKeys.name];
    if (name === undefined || !name.startsWith(`${repositoryOf(reference)}:`)) return [];
    const { tag } = parseName(name);
    return tag !== undefined && (reference.tag === undefined || tag === reference.tag) ? [{ tag, entry }] : [];
  });
}

async function pushTo(
  endpoint: Endpoint,
  reference: Reference,
  images: readonly Named[],
  layout: Layout,
  options: PushOptions,
): Promise<Pushed[]> {
  const client = new RegistryClient(endpoint, reference.path, options, 'pull,push');
  const pushed: Pushed[] = [];
  for (const { tag, entry } of images) {
    const content = layout.read(entry.digest, maxManifestSize);
    const manifest = parseManifest(content, undefined, `manifest ${entry.digest}`);
    if (manifest.kind !== 'manifest') throw new MinidockError('malformed-image', `${entry.digest} is no image`);
    await pushBlobs(client, layout, manifest, reference, options);
    await putManifest(client, tag, content, manifest.mediaType);
    await rememberDigest(layout, { ...reference, tag }, entry);
    pushed.push({ tag, digest: entry.digest, size: content.length });
    options.onProgress?.({ kind: 'pushed', tag, digest: entry.digest, size: content.length });
  }
  return pushed;
}

/** Layers side by side, and the config after them. */
async function pushBlobs(
  client: RegistryClient,
  layout: Layout,
  { layers, config }: Manifest,
  reference: Reference,
  options: PushOptions,
): Promise<void> {
  const diffIds = parseConfig(layout.read(config.digest, maxConfigSize), `image ${config.digest}`).rootfs.diff_ids;
  const { onProgress, chunkSize } = options;
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const sources = repositoriesHolding(layout, reference);
  const slots = new Slots(parallelUploads);
  const show = (i: number, phase: string, current?: number) =>
    onProgress?.({
      kind: 'layer',
      layer: shortDigest(diffIds[i] ?? layers[i]!.digest),
      phase,
      current,
      total: layers[i]!.size,
    });
  // Docker lists the topmost layer first.
  const order = [...layers.keys()].reverse();
  for (const i of order) show(i, 'Preparing');
  // Layers may be the same file: an empty one often is.
  const sent = new Map<Digest, Promise<string>>();
  const send = async (blob: Descriptor, onBytes?: (bytes: number) => void): Promise<string> => {
    signal.throwIfAborted();
    if (!hasBlob(layout, blob)) {
      throw new MinidockError('corrupt-store', `blob ${blob.digest} in ${layout.directory} is missing or cut short`, {
        fix: 'pull or import the image again',
      });
    }
    const mountFrom = sources.get(blob.digest);
    const outcome = await upload(client, layout, blob, { signal, chunkSize, mountFrom, onProgress: onBytes });
    if (outcome.kind === 'mounted') return `Mounted from ${outcome.from}`;
    return outcome.kind === 'exists' ? 'Layer already exists' : 'Pushed';
  };
  const all = order.map(async i => {
    const layer = layers[i]!;
    await slots.take(() => show(i, 'Waiting'));
    try {
      if (!sent.has(layer.digest))
        sent.set(
          layer.digest,
          send(layer, bytes => show(i, 'Pushing', bytes)),
        );
      show(i, await sent.get(layer.digest)!);
    } catch (error) {
      // The first failure ends the others; theirs follow from it.
      stop.abort(error);
      throw error;
    } finally {
      slots.give();
    }
  });
  const results = await Promise.allSettled(all);
  if (results.some(({ status }) => status === 'rejected')) throw stop.signal.reason;
  await send(config);
}

/** Which repositories of the same registry have each blob, as far as their images are known here. */
function repositoriesHolding(layout: Layout, { domain, path }: Reference): Map<Digest, string[]> {
  const holding = new Map<Digest, string[]>();
  for (const { digest, annotations = {} } of layout.entries()) {
    const served = annotations[annotationKeys.repoDigest];
    const from = served === undefined ? undefined : parseName(served);
    if (from === undefined || from.domain !== domain || from.path === path || !layout.has(digest)) continue;
    const manifest = parseManifest(layout.read(digest, maxManifestSize), undefined, `manifest ${digest}`);
    if (manifest.kind !== 'manifest') continue;
    for (const blob of [...manifest.layers, manifest.config]) {
      const known = holding.get(blob.digest) ?? [];
      if (!known.includes(from.path)) holding.set(blob.digest, [...known, from.path]);
    }
  }
  return holding;
}

async function putManifest(client: RegistryClient, tag: string, content: Buffer, mediaType: string): Promise<void> {
  const headers = { 'content-type': mediaType, 'content-length': String(content.length) };
  const { body } = await client.retry(() =>
    client.request(client.url(`manifests/${tag}`), { method: 'PUT', headers, body: content }),
  );
  body.resume();
}

/** The image can be had from there by this digest from now on. */
async function rememberDigest(layout: Layout, { tag, ...name }: Reference, { digest }: Descriptor): Promise<void> {
  const tagged = canonical({ ...name, tag: tag! });
  const repoDigest = `${repositoryOf(name)}@${digest}`;
  await layout.update(entries => {
    const mine = entries.find(entry => entry.digest === digest && entry.annotations?.[annotationKeys.name] === tagged);
    if (mine === undefined) return entries;
    const before = mine.annotations?.[annotationKeys.repoDigest];
    const annotations: Record<string, string> = { ...mine.annotations, [annotationKeys.repoDigest]: repoDigest };
    const named = { ...mine, annotations };
    if (before === undefined || before === repoDigest) return entries.map(entry => (entry === mine ? named : entry));
    // It came from an index, whose digest stays true as well.
    const isKnown = entries.some(
      entry => entry.digest === digest && entry.annotations?.[annotationKeys.repoDigest] === repoDigest,
    );
    return isKnown ? entries : [...entries, withoutName(named)];
  });
}
