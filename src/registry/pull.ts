import { createHash } from 'node:crypto';
import path from 'node:path';
import { MinidockError } from '../errors.ts';
import { Layout } from '../image/layout.ts';
import { type ImageRecord, ImageStore } from '../image/store.ts';
import { beginWork } from '../image/work.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { maxConfigSize, parseConfig } from '../oci/image-config.ts';
import {
  type Descriptor,
  type Index,
  type Manifest,
  maxManifestSize,
  type Platform,
  parseManifest,
  refuseSchema1,
} from '../oci/manifest.ts';
import { indexTypes, manifestTypes } from '../oci/media-types.ts';
import { choosePlatform, fits, hostPlatform, printPlatform } from '../oci/platform.ts';
import { familiar, parseName, parseReference, type Reference } from '../oci/reference.ts';
import { removeTree } from '../state/remove-tree.ts';
import { explainWrite } from '../storage/failure.ts';
import { unpackedSize } from '../storage/layers.ts';
import { readDaemonConfig } from './daemon-config.ts';
import { downloadSmall } from './download.ts';
import { type Endpoint, endpointsOf } from './endpoints.ts';
import { fetchLayers } from './fetch-layers.ts';
import { type ClientOptions, RegistryClient } from './http/client.ts';
import { explainPull } from './http/errors.ts';
import { isConnectionFailure, readBody } from './http/http.ts';
import type { PullEvent } from './progress.ts';
import { listTags } from './tags.ts';

export type { PullEvent } from './progress.ts';

export interface PullOptions extends ClientOptions {
  /** The engine's root. */
  root: string;
  platform?: Platform;
  onProgress?: (event: PullEvent) => void;
}

export interface PullResult {
  image: ImageRecord;
  /** Of the manifest or index that the registry served under this name. */
  digest: Digest;
  /** False where the image was here already under this name. */
  changed: boolean;
  endpoint: Endpoint;
}

/**
 * Fetches an image by name into the store and unpacks its layers. Mirrors are asked first, the registry itself last.
 *
 * Everything is verified before it gets a name: manifest by digest, blobs by digest and size, layers by diff ID. The image
 * is entered in the store when all of it is there. Throws `MinidockError` in Docker's words.
 */
export async function pull(text: string, options: PullOptions): Promise<PullResult> {
  const reference = parseReference(text);
  return atEndpoints(reference, options, endpoint => pullFrom(endpoint, reference, options));
}

/** Fetches every tag of a repository. */
export async function pullAll(text: string, options: PullOptions): Promise<PullResult[]> {
  const name = parseName(text);
  if (name.tag !== undefined || name.digest !== undefined) {
    throw new MinidockError('invalid-reference', "tag can't be used with --all-tags/-a");
  }
  return atEndpoints(name, options, async endpoint => {
    const tags = await listTags(new RegistryClient(endpoint, name.path, options));
    const results: PullResult[] = [];
    for (const tag of tags) results.push(await pullFrom(endpoint, { ...name, tag }, options));
    return results;
  });
}

async function atEndpoints<T>(
  reference: Reference,
  options: PullOptions,
  action: (endpoint: Endpoint) => Promise<T>,
): Promise<T> {
  const config = readDaemonConfig(options);
  const endpoints = await endpointsOf(reference, config);
  const layout = new Layout(path.join(options.root, 'images'));
  // Tells a garbage collection that a pull is under way.
  const folder = await beginWork(layout, 'pull').catch(error => {
    throw explainWrite(error, `storing ${familiar(reference)}`);
  });
  try {
    for (const [i, endpoint] of endpoints.entries()) {
      const isLast = i === endpoints.length - 1;
      try {
        return await action(endpoint);
      } catch (error) {
        options.signal?.throwIfAborted();
        const explained = explainPull(error, reference, endpoint);
        if (isLast || !(endpoint.mirror ? mayTryNext(explained) : isConnectionFailure(error))) throw explained;
        if (endpoint.mirror) {
          options.onProgress?.({
            kind: 'warning',
            message: `mirror ${endpoint.base}: ${(explained as Error).message}`,
          });
        }
      }
    }
  } finally {
    removeTree(folder);
  }
  throw new Error('no endpoint');
}

/** A mirror's failure is not the registry's; a full disk or a hostile layer would be the same everywhere. */
function mayTryNext(error: unknown): boolean {
  return !(
    error instanceof MinidockError && ['no-space', 'hostile-layer', 'store-failed', 'locked'].includes(error.code)
  );
}

async function pullFrom(endpoint: Endpoint, reference: Reference, options: PullOptions): Promise<PullResult> {
  const { root, onProgress } = options;
  const client = new RegistryClient(endpoint, reference.path, options);
  const name = familiar(reference);
  const store = new ImageStore(root);

  const top = await fetchManifest(client, reference.digest ?? reference.tag!, `manifest of ${name}`);
  onProgress?.({
    kind: 'pulling',
    tag: reference.digest === undefined ? reference.tag! : `${reference.domain}/${reference.path}@${reference.digest}`,
    repository: reference.path,
    from: endpoint.base,
    mirror: endpoint.mirror,
  });
  const { document, descriptor, content } =
    top.document.kind === 'manifest'
      ? { ...top, document: top.document }
      : await fetchImage(client, top.document, name, options);
  const configContent = await downloadSmall(client, document.config, maxConfigSize);
  const config = parseConfig(configContent, name);
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== document.layers.length) {
    throw new MinidockError(
      'malformed-image',
      `malformed image ${name}: its manifest has ${document.layers.length} layers, its config ${diffIds.length} diff IDs`,
    );
  }
  if (top.document.kind === 'manifest') checkPlatform(config, name, options);
  const before = store.find(name);
  const isKnown = store.find(document.config.digest) !== undefined;
  const enter = async () => {
    await fetchLayers(client, store, document.layers, diffIds, { ...options, isKnown });
    for (const blob of [content, configContent, top.content]) store.layout.write(blob);
    return store.add({
      manifest: { ...descriptor, platform: platformOf(config) },
      id: document.config.digest,
      size: unpackedSize(root, diffIds),
      name: { ...withoutTagIfDigest(reference), digest: top.descriptor.digest },
    });
  };
  const image = await enter().catch(error => {
    // A garbage collection removed a part before the image was entered: fetch it again.
    if (error instanceof MinidockError && error.code === 'incomplete-image') return enter();
    throw error;
  });
  onProgress?.({ kind: 'digest', digest: top.descriptor.digest });
  return { image, digest: top.descriptor.digest, changed: before?.id !== image.id, endpoint };
}

/** An image that is no index is for one platform. One that was asked for by name counts; else it is only said. */
function checkPlatform(config: Platform, name: string, { platform, onProgress }: PullOptions): void {
  if (platform !== undefined && !fits(config, platform)) {
    throw new MinidockError(
      'no-such-platform',
      `image with reference ${name} was found but does not match the specified platform: ` +
        `wanted ${printPlatform(platform)}, actual: ${printPlatform(platformOf(config))}`,
    );
  }
  const host = hostPlatform();
  if (platform !== undefined || (config.os === host.os && config.architecture === host.architecture)) return;
  const [theirs, ours] = [platformOf(config), host].map(printPlatform);
  onProgress?.({
    kind: 'warning',
    message: `the requested image's platform (${theirs}) does not match this machine's (${ours}): it will not run here`,
  });
}

/** As in Docker a pull by digest names no tag, even where one was given with it. */
function withoutTagIfDigest({ tag, ...reference }: Reference): Reference {
  return reference.digest === undefined && tag !== undefined ? { ...reference, tag } : reference;
}

function platformOf({ os, architecture, variant }: Platform): Platform {
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

interface Fetched<T> {
  document: T;
  descriptor: Descriptor;
  content: Buffer;
}

async function fetchManifest(client: RegistryClient, name: string, what: string): Promise<Fetched<Manifest | Index>> {
  const accept = [...manifestTypes, ...indexTypes].join(', ');
  const { headers, content } = await client.retry(async () => {
    const answer = await client.get(`manifests/${name}`, { accept });
    return { headers: answer.headers, content: await readBody(answer, maxManifestSize) };
  });
  const digest: Digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const promised = isDigest(name) ? name : headers['docker-content-digest'];
  if (isDigest(promised) && promised !== digest) {
    // The digest of a schema 1 manifest leaves its signatures out.
    refuseSchema1(content, what);
    throw new MinidockError('digest-mismatch', `digest mismatch: the ${what} should be ${promised} and is ${digest}`);
  }
  const document = parseManifest(content, headers['content-type'], what);
  return { document, descriptor: { mediaType: document.mediaType, digest, size: content.length }, content };
}

async function fetchImage(
  client: RegistryClient,
  index: Index,
  name: string,
  options: PullOptions,
): Promise<Fetched<Manifest>> {
  const { digest } = choosePlatform(index, options.platform ?? hostPlatform(), name);
  const found = await fetchManifest(client, digest, `manifest ${digest} of ${name}`);
  if (found.document.kind === 'manifest') return { ...found, document: found.document };
  throw new MinidockError('malformed-image', `malformed image ${name}: its index names an index as an image`);
}
