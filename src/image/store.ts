import path from 'node:path';
import { MinidockError } from '../errors.ts';
import { annotationKeys } from '../oci/annotations.ts';
import { type Digest, hexOf, isDigest } from '../oci/digest.ts';
import { type ContainerConfig, type HistoryEntry, maxConfigSize, parseConfig } from '../oci/image-config.ts';
import type { Descriptor } from '../oci/manifest.ts';
import { canonical, familiar, parseName, parseReference, type Reference, repositoryOf } from '../oci/reference.ts';
import { secureRoot, shut } from '../state/private.ts';
import { chainIds, layerDirectory } from '../storage/chain.ts';
import { Layout } from './layout.ts';

export { annotationKeys };

/** An image in the store, with what `run`, `images` and `inspect` want of it. */
export interface ImageRecord {
  /** Digest of the config: the id that Docker shows. */
  id: Digest;
  /** The image that it was made from, where that is an image of this store too. */
  parent?: Digest;
  manifestDigest: Digest;
  /** `nginx:alpine`. */
  repoTags: string[];
  /** `nginx@sha256:…`: the manifest or index that a registry served. */
  repoDigests: string[];
  /** RFC 3339. */
  created: string;
  /** Bytes of all layers, unpacked. */
  size: number;
  architecture: string;
  os: string;
  variant?: string;
  config: ContainerConfig;
  /** The whole config as it is written, unchecked. */
  document: Record<string, unknown>;
  history: HistoryEntry[];
  diffIds: Digest[];
  /** Directories for overlayfs, bottom first. */
  layers: string[];
}

/** What `ImageStore.add` needs to know of an image whose blobs and layers are in place. */
export interface NewImage {
  manifest: Descriptor;
  id: Digest;
  /** Bytes of all layers, unpacked. */
  size: number;
  /** Its name: with a tag, a digest (the one the registry served), both or neither. */
  name?: Reference;
  /** Id of the image that it was made from. */
  parent?: Digest;
}

/**
 * Images under `<root>/images`, which nobody but root may enter from here on. Finding one costs two small reads: `index.json` and
 * the config.
 */
export class ImageStore {
  readonly root: string;
  readonly layout: Layout;

  constructor(root: string) {
    this.root = root;
    this.layout = new Layout(path.join(root, 'images'));
    secureRoot(root);
    shut(this.layout.directory);
  }

  /**
   * An image by name (`nginx`, `nginx:alpine`, `nginx@sha256:…`), by id (`sha256:…`, 64 hex digits) or by the unique
   * beginning of one. As in Docker a name goes before the beginning of an id. Undefined where there is none; throws
   * `ambiguous-image` where several ids begin so, and `invalid-reference` for what can be neither.
   */
  find(reference: string): ImageRecord | undefined {
    const entries = this.layout.entries();
    const id = findId(entries, reference);
    if (id === undefined) return undefined;
    return this.#recordUnlessGone(id, entries) ?? this.find(reference);
  }

  /** As `find`, and throws `no-such-image` where there is none. */
  get(reference: string): ImageRecord {
    const image = this.find(reference);
    if (image !== undefined) return image;
    throw noSuchImage(reference);
  }

  /** All images, newest first. */
  list(): ImageRecord[] {
    const entries = this.layout.entries();
    const ids = new Set(entries.map(idOf).filter(isDigest));
    return [...ids]
      .map(id => this.#recordUnlessGone(id, entries))
      .filter(image => image !== undefined)
      .sort((a, b) => Date.parse(b.created) - Date.parse(a.created) || (a.id < b.id ? -1 : 1));
  }

  /** Gives an image another name. A tag that named another image names this one from now on. */
  async tag(source: string, target: string): Promise<void> {
    const name = parseName(target);
    if (name.digest !== undefined) {
      throw new MinidockError(
        'invalid-reference',
        `refusing to create a tag with a digest reference: ${JSON.stringify(target)}`,
      );
    }
    const { id } = this.get(source);
    await this.layout.update(entries => {
      const mine = entries.filter(candidate => idOf(candidate) === id);
      // The same image may be here under two manifests, one OCI's and one Docker's: the one that was named is pushed.
      const entry = mine.find(candidate => isNamed(candidate, source)) ?? mine[0];
      if (entry === undefined) throw new MinidockError('no-such-image', `No such image: ${source}`);
      const size = Number(entry.annotations?.[annotationKeys.size] ?? 0);
      const parent = parentOf(entry);
      const image = { manifest: entry, id, size, name: parseReference(target) };
      return withImage(entries, parent === undefined ? image : { ...image, parent });
    });
  }

  /**
   * Enters an image whose blobs and layers are stored. What bore its name before stays, nameless. Throws
   * `incomplete-image` where a part is missing, because somebody collected it as nobody's.
   */
  async add(image: NewImage): Promise<ImageRecord> {
    const { partsOf, missingParts } = await import('./collect.ts');
    await this.layout.update(entries => {
      const missing = missingParts(this.root, this.layout, partsOf(this.layout, image.manifest));
      if (missing.length > 0) {
        throw new MinidockError('incomplete-image', `image ${image.id} lacks ${missing.join(', ')}`);
      }
      return withImage(entries, image);
    });
    return this.get(image.id);
  }

  /** Readers take no lock: an image may be removed after the index was read. Undefined then; a broken one throws. */
  #recordUnlessGone(id: Digest, entries: Descriptor[]): ImageRecord | undefined {
    try {
      return this.#record(id, entries);
    } catch (error) {
      if (this.layout.entries().some(entry => idOf(entry) === id)) throw error;
      return undefined;
    }
  }

  #record(id: Digest, entries: Descriptor[]): ImageRecord {
    const mine = entries.filter(entry => idOf(entry) === id);
    const names = mine.map(entry => entry.annotations?.[annotationKeys.name]);
    const digests = mine.map(entry => entry.annotations?.[annotationKeys.repoDigest]);
    const { config, rootfs, ...image } = parseConfig(this.layout.read(id, maxConfigSize), `image ${id}`);
    const parent = mine.map(parentOf).find(found => entries.some(entry => idOf(entry) === found));
    return {
      ...image,
      id,
      ...(parent === undefined ? {} : { parent }),
      manifestDigest: mine[0]!.digest,
      repoTags: readable(names),
      repoDigests: readable(digests),
      size: Number(mine[0]!.annotations?.[annotationKeys.size] ?? 0),
      config,
      diffIds: rootfs.diff_ids,
      layers: chainIds(rootfs.diff_ids).map(chainId => layerDirectory(this.root, chainId)),
    };
  }
}

/** Id of the image that an entry of the index names. */
export const idOf = (entry: Descriptor): string | undefined => entry.annotations?.[annotationKeys.id];

export function noSuchImage(reference: string): MinidockError {
  return new MinidockError('no-such-image', `No such image: ${reference}`, { fix: `minidock pull ${reference}` });
}

function parentOf(entry: Descriptor): Digest | undefined {
  const parent = entry.annotations?.[annotationKeys.parent];
  return isDigest(parent) ? parent : undefined;
}

/** Stored references as people write them, each once. */
function readable(references: (string | undefined)[]): string[] {
  return [...new Set(references.filter(text => text !== undefined))].map(text => familiar(parseName(text)));
}

/** The id that a name, an id or the beginning of one stands for; see `ImageStore.find`. */
export function findId(entries: Descriptor[], text: string): Digest | undefined {
  const hex = text.startsWith('sha256:') ? text.slice('sha256:'.length) : text;
  const isHex = /^[0-9a-f]+$/.test(hex) && hex.length <= 64;
  const isId = isHex && (hex.length === 64 || text !== hex);
  const named = isId ? undefined : findByName(entries, isHex ? parseName(text) : parseReference(text));
  if (named !== undefined || !isHex) return named;
  const ids = new Set(
    entries
      .map(idOf)
      .filter(isDigest)
      .filter(id => hexOf(id).startsWith(hex)),
  );
  if (ids.size > 1) {
    throw new MinidockError('ambiguous-image', `image id ${text} is ambiguous: ${ids.size} images begin with it`, {
      fix: 'give more digits: minidock images --no-trunc',
    });
  }
  const [id] = ids;
  return id;
}

function findByName(entries: Descriptor[], reference: Reference): Digest | undefined {
  const { digest } = reference;
  const wanted =
    digest === undefined
      ? { [annotationKeys.name]: canonical({ tag: 'latest', ...reference }) }
      : { [annotationKeys.repoDigest]: `${repositoryOf(reference)}@${digest}` };
  const [[key, value]] = Object.entries(wanted) as [[string, string]];
  const id = entries.find(entry => entry.annotations?.[key] === value)?.annotations?.[annotationKeys.id];
  return isDigest(id) ? id : undefined;
}

/** Whether an entry is what a name names: by its tag, or by the digest that a registry served it with. */
function isNamed({ annotations = {} }: Descriptor, text: string): boolean {
  if (/^(sha256:)?[0-9a-f]+$/.test(text))
    return annotations[annotationKeys.name] === `docker.io/library/${text}:latest`;
  const name = parseReference(text);
  return name.digest === undefined
    ? annotations[annotationKeys.name] === canonical(name)
    : annotations[annotationKeys.repoDigest] === `${repositoryOf(name)}@${name.digest}`;
}

/** The entries with an image added: its name moves to it, what it said before is said once. */
function withImage(entries: Descriptor[], { manifest, id, size, name, parent }: NewImage): Descriptor[] {
  const tagged =
    name?.tag === undefined ? undefined : canonical({ domain: name.domain, path: name.path, tag: name.tag });
  const repoDigest = name?.digest === undefined ? undefined : `${repositoryOf(name)}@${name.digest}`;
  const others = entries
    .map(entry =>
      tagged !== undefined && entry.annotations?.[annotationKeys.name] === tagged ? withoutName(entry) : entry,
    )
    .filter(entry => !(idOf(entry) === id && saysNoMoreThan(entry, tagged, repoDigest)));
  const { mediaType, digest, size: manifestSize, platform } = manifest;
  const annotations = {
    ...(tagged === undefined ? {} : { [annotationKeys.name]: tagged, [annotationKeys.containerdName]: tagged }),
    ...(repoDigest === undefined ? {} : { [annotationKeys.repoDigest]: repoDigest }),
    [annotationKeys.id]: id,
    [annotationKeys.size]: String(size),
    ...(parent === undefined ? {} : { [annotationKeys.parent]: parent }),
  };
  return [...others, { mediaType, digest, size: manifestSize, ...(platform ? { platform } : {}), annotations }];
}

/** An entry whose tag moved away or was removed. */
export function withoutName(entry: Descriptor): Descriptor {
  const { [annotationKeys.name]: _, [annotationKeys.containerdName]: __, ...annotations } = entry.annotations ?? {};
  return { ...entry, annotations };
}

function saysNoMoreThan(entry: Descriptor, tagged: string | undefined, repoDigest: string | undefined): boolean {
  const { [annotationKeys.name]: name, [annotationKeys.repoDigest]: digest } = entry.annotations ?? {};
  return (name === undefined || name === tagged) && (digest === undefined || digest === repoDigest);
}
