import { createHash } from 'node:crypto';
import { MinidockError } from '../../errors.ts';
import { withoutName } from '../../image/entries.ts';
import type { Layout } from '../../image/layout.ts';
import { ImageStore } from '../../image/store.ts';
import { annotationKeys } from '../../oci/annotations.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Descriptor } from '../../oci/manifest.ts';
import { canonical, familiar, familiarName, parseName, type Reference, repositoryOf } from '../../oci/reference.ts';
import { readDaemonConfig } from '../daemon-config.ts';
import { type Endpoint, endpointsOf } from '../endpoints.ts';
import { type ClientOptions, RegistryClient } from '../http/client.ts';
import { explainPush } from '../http/errors.ts';
import { isConnectionFailure } from '../http/http.ts';
import type { PushEvent } from '../progress.ts';
import { pushImage } from './image.ts';

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

/**
 * Brings an image to the registry that its name names: what the registry lacks of its blobs, then its manifest. One that came
 * from a registry goes byte for byte as it came, so that its digest is the same everywhere. Throws `MinidockError` in Docker's words.
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
  const store = new ImageStore(options.root);
  const images = imagesNamed(store.layout, reference);
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
      return await pushTo(endpoint, reference, images, store, options);
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
  store: ImageStore,
  options: PushOptions,
): Promise<Pushed[]> {
  const client = new RegistryClient(endpoint, reference.path, options, 'pull,push');
  const pushed: Pushed[] = [];
  for (const { tag, entry } of images) {
    const { mediaType, content } = await pushImage(client, store, entry.digest, reference, options);
    await putManifest(client, tag, content, mediaType);
    const digest: Digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    await rememberDigest(store.layout, { ...reference, tag }, entry, digest);
    pushed.push({ tag, digest, size: content.length });
    options.onProgress?.({ kind: 'pushed', tag, digest, size: content.length });
  }
  return pushed;
}

async function putManifest(client: RegistryClient, tag: string, content: Buffer, mediaType: string): Promise<void> {
  const headers = { 'content-type': mediaType, 'content-length': String(content.length) };
  const { body } = await client.retry(() =>
    client.request(client.url(`manifests/${tag}`), { method: 'PUT', headers, body: content }),
  );
  body.resume();
}

/** The image can be had from there by this digest from now on. */
async function rememberDigest(
  layout: Layout,
  { tag, ...name }: Reference,
  { digest }: Descriptor,
  pushed: Digest,
): Promise<void> {
  const tagged = canonical({ ...name, tag: tag! });
  const repoDigest = `${repositoryOf(name)}@${pushed}`;
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
