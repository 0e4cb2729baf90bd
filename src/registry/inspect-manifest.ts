import { createHash } from 'node:crypto';
import { MinidockError } from '../errors.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { maxConfigSize, parseConfig } from '../oci/image-config.ts';
import { type Index, type Manifest, maxManifestSize, type Platform, parseManifest } from '../oci/manifest.ts';
import { indexTypes, manifestTypes } from '../oci/media-types.ts';
import { canonical, parseReference, type Reference } from '../oci/reference.ts';
import { readDaemonConfig } from './daemon-config.ts';
import { downloadSmall } from './download.ts';
import { type Endpoint, endpointsOf } from './endpoints.ts';
import { type ClientOptions, RegistryClient } from './http/client.ts';
import { AnswerError, explainPull } from './http/errors.ts';
import { isConnectionFailure, readBody } from './http/http.ts';

/** A manifest as a registry has it. */
export interface RemoteManifest {
  /** `docker.io/library/nginx:alpine`, or by digest where an index named it. */
  name: string;
  mediaType: string;
  digest: Digest;
  content: Buffer;
  /** Of an image. */
  platform?: Platform;
}

export interface InspectOptions extends ClientOptions {
  /** May be spoken to over plain http. */
  insecure?: boolean;
  /** The images of an index in place of the index, and the platform of each. */
  verbose?: boolean;
}

/** Looks a manifest or an index up in its registry, without mirrors. Throws `no-such-manifest` where there is none. */
export async function inspectManifest(text: string, options: InspectOptions): Promise<RemoteManifest[]> {
  const reference = parseReference(text);
  const config = readDaemonConfig(options);
  const { insecureRegistries } = config;
  const endpoints = await endpointsOf(reference, {
    registryMirrors: [],
    insecureRegistries: options.insecure ? [...insecureRegistries, reference.domain] : insecureRegistries,
  });
  for (const [i, endpoint] of endpoints.entries()) {
    try {
      return await inspectAt(endpoint, reference, options);
    } catch (error) {
      if (error instanceof AnswerError && error.status === 404) {
        throw new MinidockError('no-such-manifest', `no such manifest: ${canonical(reference)}`, { cause: error });
      }
      if (i === endpoints.length - 1 || !isConnectionFailure(error)) throw explainPull(error, reference, endpoint);
    }
  }
  throw new Error('no endpoint');
}

async function inspectAt(endpoint: Endpoint, reference: Reference, options: InspectOptions): Promise<RemoteManifest[]> {
  const client = new RegistryClient(endpoint, reference.path, options);
  const top = await fetchOne(client, reference.digest ?? reference.tag!, canonical(reference));
  if (!options.verbose) return [top.found];
  if (top.document.kind === 'manifest') return [await withPlatform(client, top.found, top.document)];
  const found: RemoteManifest[] = [];
  for (const { digest, platform } of top.document.manifests) {
    const { tag: _, ...name } = reference;
    const image = await fetchOne(client, digest, canonical({ ...name, digest }));
    found.push({ ...image.found, platform });
  }
  return found;
}

async function fetchOne(
  client: RegistryClient,
  wanted: string,
  name: string,
): Promise<{ found: RemoteManifest; document: Manifest | Index }> {
  const accept = [...manifestTypes, ...indexTypes].join(', ');
  const { headers, content } = await client.retry(async () => {
    const answer = await client.get(`manifests/${wanted}`, { accept });
    return { headers: answer.headers, content: await readBody(answer, maxManifestSize) };
  });
  const document = parseManifest(content, headers['content-type'], `manifest of ${name}`);
  const digest: Digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  if (isDigest(wanted) && wanted !== digest) {
    throw new MinidockError('digest-mismatch', `digest mismatch: asked for manifest ${wanted}, got ${digest}`);
  }
  return { found: { name, mediaType: document.mediaType, digest, content }, document };
}

async function withPlatform(
  client: RegistryClient,
  found: RemoteManifest,
  { config }: Manifest,
): Promise<RemoteManifest> {
  const { os, architecture, variant } = parseConfig(
    await downloadSmall(client, config, maxConfigSize),
    `config of ${found.name}`,
  );
  return { ...found, platform: { architecture, os, ...(variant === undefined ? {} : { variant }) } };
}
