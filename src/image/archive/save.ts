import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import { errnoOf, MinidockError } from '../../errors.ts';
import { annotationKeys } from '../../oci/annotations.ts';
import { blobPath, type Digest, hexOf } from '../../oci/digest.ts';
import { ownManifest } from '../../oci/forms.ts';
import { type Descriptor, type Manifest, maxManifestSize, parseManifest } from '../../oci/manifest.ts';
import { mediaTypes } from '../../oci/media-types.ts';
import { canonical, familiarName, parseName, parseReference, type Reference } from '../../oci/reference.ts';
import type { Layout } from '../layout.ts';
import { type ImageRecord, type ImageStore, noSuchImage } from '../store.ts';
import { tarEnd, tarHeader, tarPadding } from './tar-header.ts';

/** An image to be saved, under these tags. */
interface Saved {
  image: ImageRecord;
  tags: Reference[];
  manifest: Manifest;
  /** The manifest in the OCI's form: as it is stored where it has that form. */
  content: Buffer;
  descriptor: Descriptor;
}

/**
 * Writes images as a tar that is two archives in one, as Docker writes since version 25: an OCI image layout, and the
 * `manifest.json` and `repositories` of `docker save`. Layers stand in it as they are stored, compressed or not; every
 * reader of either format decompresses them by itself, and their digests stay those of the registry.
 *
 * `write` is called with a chunk at a time and holds the stream back until it is done. Throws `no-such-image`.
 */
export async function saveImages(
  store: ImageStore,
  references: readonly string[],
  write: (chunk: Buffer) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  for await (const chunk of imageArchive(store, references)) {
    signal?.throwIfAborted();
    await write(chunk);
  }
}

/**
 * The archive of `saveImages`, chunk by chunk.
 *
 * @param names that the images have in it, in place of those that they were asked for by
 */
export async function* imageArchive(
  store: ImageStore,
  references: readonly string[],
  names?: readonly Reference[],
): AsyncGenerator<Buffer> {
  const images = choose(store, references).map(([image, tags]) =>
    describe(store.layout, image, names === undefined ? tags : [...names]),
  );
  let written = 0;
  for await (const chunk of members(store.layout, images)) {
    yield chunk;
    written += chunk.length;
  }
  yield tarEnd(written);
}

/** Each image once, with the tags it was asked for by: a name without a tag means all tags of the repository. */
function choose(store: ImageStore, references: readonly string[]): [ImageRecord, Reference[]][] {
  const all = store.list();
  const chosen = new Map<Digest, { image: ImageRecord; tags: Map<string, Reference> }>();
  const add = (image: ImageRecord, tags: Reference[]) => {
    const one = chosen.get(image.id) ?? { image, tags: new Map() };
    for (const tag of tags) one.tags.set(canonical(tag), tag);
    chosen.set(image.id, one);
  };
  for (const reference of references) {
    const found = store.find(reference);
    const name = /^(sha256:)?[0-9a-f]{64}$/.test(reference) ? undefined : parseName(reference);
    const isName = name !== undefined && !(found && hexOf(found.id).startsWith(reference));
    if (!isName || name.tag !== undefined || name.digest !== undefined) {
      if (found === undefined) throw noSuchImage(reference);
      add(found, isName && name.digest === undefined ? [parseReference(reference)] : []);
      continue;
    }
    const repository = familiarName(name);
    const before = chosen.size;
    let tagged = 0;
    for (const image of all) {
      const tags = image.repoTags.map(parseName).filter(tag => familiarName(tag) === repository);
      if (tags.length > 0) add(image, tags);
      tagged += tags.length;
    }
    if (tagged === 0 && chosen.size === before) throw noSuchImage(reference);
  }
  return [...chosen.values()].map(({ image, tags }) => [image, [...tags.values()]]);
}

function describe(layout: Layout, image: ImageRecord, tags: Reference[]): Saved {
  const stored = layout.read(image.manifestDigest, maxManifestSize);
  const manifest = parseManifest(stored, undefined, `manifest of ${image.id}`);
  if (manifest.kind !== 'manifest')
    throw new MinidockError('corrupt-store', `image ${image.id} has no manifest`, {
      fix: 'pull or import the image again',
    });
  // Readers of OCI layouts want the OCI's form of a Docker schema 2 manifest; loaded and pushed, it is Docker's again.
  const isOci = manifest.mediaType === mediaTypes.ociManifest;
  const content = isOci ? stored : ownManifest(manifest.config, manifest.layers).content;
  const digest: Digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const platform = {
    os: image.os,
    architecture: image.architecture,
    ...(image.variant ? { variant: image.variant } : {}),
  };
  return {
    image,
    tags,
    manifest,
    content,
    descriptor: { mediaType: mediaTypes.ociManifest, digest, size: content.length, platform },
  };
}

/** The same images make the same archive: nothing in it says when it was made. */
async function* members(layout: Layout, images: readonly Saved[]): AsyncGenerator<Buffer> {
  for (const name of ['blobs/', 'blobs/sha256/']) yield tarHeader(name, 0, 'directory');
  const written = new Set<Digest>();
  for (const { content, descriptor, manifest } of images) {
    for (const { digest, size } of [manifest.config, ...manifest.layers]) {
      if (!written.has(digest)) yield* blob(layout, digest, size);
      written.add(digest);
    }
    if (!written.has(descriptor.digest)) yield* file(nameOf(descriptor.digest), content);
    written.add(descriptor.digest);
  }
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: images.flatMap(entries) };
  yield* file('index.json', json(index));
  yield* file('manifest.json', json(images.map(image => dockerEntry(image, images))));
  yield* file('oci-layout', json({ imageLayoutVersion: '1.0.0' }));
  yield* file('repositories', json(repositories(images)));
}

const nameOf = (digest: Digest) => `blobs/sha256/${hexOf(digest)}`;
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

function* file(name: string, content: Buffer): Generator<Buffer> {
  yield tarHeader(name, content.length);
  yield content;
  yield tarPadding(content.length);
}

/** Opened first: what is removed meanwhile is read to its end all the same. */
async function* blob(layout: Layout, digest: Digest, size: number): AsyncGenerator<Buffer> {
  const path = blobPath(layout.directory, digest);
  const found = fs.statSync(path, { throwIfNoEntry: false })?.size;
  if (found !== size)
    throw broken(layout, digest, found === undefined ? 'is missing' : `has ${found} bytes, not ${size}`);
  const stream = fs.createReadStream(path, { highWaterMark: 256 << 10 });
  try {
    await once(stream, 'open');
  } catch (error) {
    throw errnoOf(error) === 'ENOENT' ? broken(layout, digest, 'was removed') : error;
  }
  // Who takes the archive may go before the first byte of the blob: then nothing else would close it.
  try {
    yield tarHeader(nameOf(digest), size);
    yield* stream as AsyncIterable<Buffer>;
    yield tarPadding(size);
  } finally {
    stream.destroy();
  }
}

function broken(layout: Layout, digest: Digest, reason: string): MinidockError {
  return new MinidockError('corrupt-store', `blob ${digest} in ${layout.directory} ${reason}`, {
    fix: 'pull or import the image again',
  });
}

/** One entry a tag; one without a name for an image without tags. */
function entries({ descriptor, tags }: Saved): Descriptor[] {
  if (tags.length === 0) return [descriptor];
  return tags.map(tag => {
    const name = canonical(tag);
    return { ...descriptor, annotations: { [annotationKeys.name]: name, [annotationKeys.containerdName]: name } };
  });
}

function dockerEntry({ image, tags, manifest }: Saved, images: readonly Saved[]): object {
  const isHere = images.some(other => other.image.id === image.parent);
  return {
    Config: nameOf(image.id),
    RepoTags: tags.length === 0 ? null : tags.map(tag => `${familiarName(tag)}:${tag.tag}`),
    Layers: manifest.layers.map(({ digest }) => nameOf(digest)),
    ...(isHere ? { Parent: image.parent } : {}),
  };
}

/** For readers older than manifest.json: repository, tag, top layer. */
function repositories(images: readonly Saved[]): Record<string, Record<string, string>> {
  const found = new Map<string, Map<string, string>>();
  for (const { tags, manifest } of images) {
    const top = manifest.layers.at(-1);
    for (const tag of top === undefined ? [] : tags) {
      const name = familiarName(tag);
      found.set(name, (found.get(name) ?? new Map()).set(tag.tag!, hexOf(top!.digest)));
    }
  }
  return Object.fromEntries([...found].map(([name, tags]) => [name, Object.fromEntries(tags)]));
}
