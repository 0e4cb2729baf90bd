import { createHash } from 'node:crypto';
import type http from 'node:http';
import { errnoOf, MinidockError } from '../../errors.ts';
import type { Layout } from '../../image/layout.ts';
import { ImageStore } from '../../image/store.ts';
import { annotationKeys } from '../../oci/annotations.ts';
import { blobPath, type Digest, isDigest } from '../../oci/digest.ts';
import { type ImageConfig, maxConfigSize, parseConfig } from '../../oci/image-config.ts';
import { type Descriptor, type Index, type Manifest, maxManifestSize, parseManifest } from '../../oci/manifest.ts';
import { findPlatform, hostPlatform } from '../../oci/platform.ts';
import { canonical, isTag, parseName, type Reference } from '../../oci/reference.ts';
import { chainIds, layerDirectory } from '../../storage/chain.ts';
import { ensureLayer, unpackedSize } from '../../storage/layers.ts';
import { hasBlob } from '../download.ts';
import { dockerForm } from '../form.ts';
import { type Catalog, isPushed, servedKey } from './catalog.ts';
import { negotiate, type Served } from './negotiate.ts';
import { identity, Refusal, sendEmpty } from './replies.ts';

/** GET and HEAD of a manifest, by tag or digest. */
export function sendManifest(
  layout: Layout,
  catalog: Catalog,
  repository: string,
  name: string,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): void {
  const found = catalog.manifest(repository, name);
  const served =
    found === undefined || !layout.has(found)
      ? translated(layout, catalog, repository, name)
      : negotiate(layout, found, { accept: request.headers.accept, byTag: !isDigest(name) });
  if (served === undefined) throw new Refusal(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  const { mediaType, digest, content } = served;
  response.writeHead(200, { 'Content-Type': mediaType, 'Content-Length': content.length, ...identity(digest) });
  response.end(content);
}

/** A client that got one of our images in Docker's form, by its tag, may ask for it by its digest. */
function translated(layout: Layout, catalog: Catalog, repository: string, name: string): Served | undefined {
  if (!isDigest(name)) return undefined;
  return catalog
    .digests(repository)
    .map(digest => dockerForm(layout, digest))
    .find(form => form?.digest === name);
}

/** Takes manifests into the engine's own store: see docs/decisions/0008-embedded-registry.md. */
export class Manifests {
  readonly #store: ImageStore;
  readonly #domain: string;

  /** @param domain under which pushed images are entered: `localhost:5000` */
  constructor(root: string, domain: string) {
    this.#store = new ImageStore(root);
    this.#domain = domain;
  }

  /** PUT. The layers of what a tag names are unpacked, so that it runs on this machine at once, and so are verified. */
  async put(
    catalog: Catalog,
    repository: string,
    name: string,
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    const reference = this.#reference(repository, name);
    if (!isDigest(name) && catalog.isOwners(repository, name)) {
      throw new Refusal(403, 'DENIED', `${repository}:${name} is an image of this machine's own: push another name`);
    }
    const content = await readManifest(request);
    const digest: Digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    if (isDigest(name) && name !== digest) {
      throw new Refusal(400, 'DIGEST_INVALID', `provided digest ${name} did not match uploaded content ${digest}`);
    }
    await this.#guard(() => this.#enter(reference, content, digest, request.headers['content-type']));
    sendEmpty(response, 201, { Location: `/v2/${repository}/manifests/${digest}`, ...identity(digest) });
  }

  /** DELETE: by tag that name, by digest every name that the repository has for it. The machine's own images stay. */
  async delete(repository: string, name: string, response: http.ServerResponse): Promise<void> {
    const found = { any: false, owners: false };
    await this.#store.layout.update(entries => entries.flatMap(entry => this.#without(entry, repository, name, found)));
    if (found.owners && !found.any) {
      throw new Refusal(405, 'UNSUPPORTED', `${repository} is the machine's own: remove it there with minidock rmi`);
    }
    if (!found.any) throw new Refusal(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    sendEmpty(response, 202);
  }

  #reference(repository: string, name: string): Reference {
    try {
      const { path } = parseName(`${this.#domain}/${repository}`);
      if (isDigest(name)) return { domain: this.#domain, path, digest: name };
      if (isTag(name)) return { domain: this.#domain, path, tag: name };
    } catch {
      throw new Refusal(400, 'NAME_INVALID', `invalid repository name ${JSON.stringify(repository)}`);
    }
    throw new Refusal(400, 'TAG_INVALID', `${JSON.stringify(name)} is neither a tag nor a sha256 digest`);
  }

  async #enter(reference: Reference, content: Buffer, digest: Digest, type: string | undefined): Promise<void> {
    const { layout } = this.#store;
    const document = parseManifest(content, type, 'manifest');
    const descriptor = { mediaType: document.mediaType, digest, size: content.length };
    if (document.kind === 'manifest') {
      const config = this.#readParts(document);
      layout.write(content);
      const { tag } = reference;
      if (tag === undefined) return this.#serve(descriptor, { ...reference, digest });
      await this.#addImage(descriptor, document, config, { ...reference, tag, digest });
      return this.#dropServed({ ...reference, tag });
    }
    const missing = document.manifests.filter(child => !hasBlob(layout, child));
    if (missing.length > 0) throw unknownBlob(missing[0]!.digest);
    layout.write(content);
    if (reference.tag !== undefined) await this.#addOwnImage(document, { ...reference, digest });
    const { tag: _, ...repository } = reference;
    await this.#serve(descriptor, reference.tag === undefined ? { ...repository, digest } : { ...reference, digest });
  }

  /** Of an index this machine takes the image that it can run. */
  async #addOwnImage(index: Index, reference: Reference): Promise<void> {
    const child = findPlatform(index, hostPlatform());
    if (child === undefined) return;
    const { mediaType, digest, size } = child;
    const manifest = parseManifest(this.#store.layout.read(digest, maxManifestSize), undefined, `manifest ${digest}`);
    if (manifest.kind !== 'manifest') throw new Refusal(400, 'MANIFEST_INVALID', 'an index names an index as an image');
    await this.#addImage({ mediaType, digest, size }, manifest, this.#readParts(manifest), reference);
  }

  /** The config of a manifest all of whose blobs are here. */
  #readParts(manifest: Manifest): ImageConfig {
    const { layout } = this.#store;
    for (const blob of [manifest.config, ...manifest.layers])
      if (!hasBlob(layout, blob)) throw unknownBlob(blob.digest);
    const config = parseConfig(layout.read(manifest.config.digest, maxConfigSize), 'config of the manifest');
    if (config.rootfs.diff_ids.length === manifest.layers.length) return config;
    throw new Refusal(400, 'MANIFEST_INVALID', 'the manifest and its config have different numbers of layers');
  }

  async #addImage(descriptor: Descriptor, manifest: Manifest, config: ImageConfig, name: Reference): Promise<void> {
    const { root, layout } = this.#store;
    const diffIds = config.rootfs.diff_ids;
    const chain = chainIds(diffIds);
    for (const [i, { digest }] of manifest.layers.entries()) {
      const below = () => chain.slice(0, i).map(chainId => layerDirectory(root, chainId));
      const blob = blobPath(layout.directory, digest);
      await ensureLayer(root, { chainId: chain[i]!, diffId: diffIds[i]!, below, blob });
    }
    const { os, architecture, variant } = config;
    const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
    const id = manifest.config.digest;
    await this.#store.add({ manifest: { ...descriptor, platform }, id, size: unpackedSize(root, diffIds), name });
  }

  /** Keeps a document that is no image of this machine, once a name. */
  async #serve({ mediaType, digest, size }: Descriptor, reference: Reference): Promise<void> {
    const own = canonical(reference);
    const entry = { mediaType, digest, size, annotations: { [servedKey]: own } };
    await this.#dropServed(reference);
    await this.#store.layout.update(entries => [
      ...entries.filter(({ annotations }) => annotations?.[servedKey] !== own),
      entry,
    ]);
  }

  /** A tag names one thing: what was served under it before keeps only its digest. */
  async #dropServed({ tag, path }: Reference): Promise<void> {
    if (tag === undefined) return;
    await this.#store.layout.update(entries =>
      entries.map(entry => {
        const served = entry.annotations?.[servedKey];
        const name = served === undefined ? undefined : parseName(served);
        if (name === undefined || name.path !== path || name.tag !== tag) return entry;
        const { tag: _, ...untagged } = name;
        return { ...entry, annotations: { [servedKey]: canonical(untagged) } };
      }),
    );
  }

  /** An image that loses its last name stays, dangling, until `minidock image prune`: a container may run from it. */
  #without(
    entry: Descriptor,
    repository: string,
    name: string,
    found: { any: boolean; owners: boolean },
  ): Descriptor[] {
    const { annotations = {}, digest } = entry;
    const said = annotations[servedKey] ?? annotations[annotationKeys.name] ?? annotations[annotationKeys.repoDigest];
    const from = said === undefined || isTag(said) ? undefined : parseName(said);
    if (said === undefined || from?.path !== repository) return [entry];
    const original = annotations[annotationKeys.repoDigest]?.split('@')[1];
    if (isDigest(name) ? name !== digest && name !== original : name !== from.tag) return [entry];
    if (!isPushed(said)) {
      found.owners = true;
      return [entry];
    }
    found.any = true;
    if (annotations[servedKey] !== undefined) return [];
    const {
      [annotationKeys.name]: _,
      [annotationKeys.containerdName]: __,
      [annotationKeys.repoDigest]: ___,
      ...rest
    } = annotations;
    return [{ ...entry, annotations: rest }];
  }

  /** An error in the image is reported as the client's; an error of the disk is the server's. */
  async #guard(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof MinidockError) || errnoOf(error.cause) !== undefined) throw error;
      throw new Refusal(error.code === 'no-space' ? 507 : 400, 'MANIFEST_INVALID', error.message);
    }
  }
}

async function readManifest(request: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxManifestSize)
      throw new Refusal(413, 'SIZE_INVALID', `a manifest has at most ${maxManifestSize} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function unknownBlob(digest: Digest): Refusal {
  return new Refusal(
    400,
    'MANIFEST_BLOB_UNKNOWN',
    `blob ${digest} of the manifest is unknown to the registry, or has another size`,
  );
}
