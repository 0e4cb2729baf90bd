import { MinidockError } from '../errors.ts';
import { annotationKeys } from '../oci/annotations.ts';
import type { Digest } from '../oci/digest.ts';
import { type ContainerConfig, type HistoryEntry, maxConfigSize, parseConfig } from '../oci/image-config.ts';
import type { Descriptor } from '../oci/manifest.ts';
import { canonical, familiarText, parseName, parseReference } from '../oci/reference.ts';
import { secureRoot, shut } from '../state/private.ts';
import { chainIds, layerDirectory } from '../storage/chain.ts';
import {
  findId,
  formerOwners,
  groupById,
  idOf,
  isNamed,
  type NewImage,
  namesIn,
  parentOf,
  repoDigestOf,
  tagOf,
  withImages,
} from './entries.ts';
import { Layout } from './layout.ts';

/** An image in the store, with the fields that `run`, `images` and `inspect` need. */
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

/**
 * Images under `<root>/images`, which nobody but root may enter from here on. Finding one costs two small reads: `index.json` and
 * the config.
 */
export class ImageStore {
  readonly root: string;
  readonly layout: Layout;

  /** Of the entries that were read last. */
  #groups: { of: readonly Descriptor[]; by: Map<Digest, Descriptor[]> } | undefined;

  constructor(root: string) {
    this.root = root;
    this.layout = new Layout(`${root}/images`);
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
    const groups = this.#groupsOf(entries);
    const id = groups.has(reference as Digest) ? (reference as Digest) : findId(namesIn(entries), reference);
    if (id === undefined) return undefined;
    return this.#recordUnlessGone(id, groups) ?? this.find(reference);
  }

  /** Whether an image is here. */
  has(id: Digest): boolean {
    return this.#groupsOf(this.layout.entries()).has(id);
  }

  /** As `find`, and throws `no-such-image` where there is none. */
  get(reference: string): ImageRecord {
    const image = this.find(reference);
    if (image !== undefined) return image;
    throw noSuchImage(reference);
  }

  /**
   * All images, newest first.
   *
   * @param broken is told of those that cannot be read; without it the first of them is thrown
   */
  list(broken?: (id: Digest, error: MinidockError) => void): ImageRecord[] {
    const groups = this.#groupsOf(this.layout.entries());
    const read = (id: Digest) => {
      try {
        return this.#recordUnlessGone(id, groups);
      } catch (error) {
        if (broken === undefined || !(error instanceof MinidockError)) throw error;
        broken(id, error);
        return undefined;
      }
    };
    return [...groups.keys()]
      .map(read)
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
    const stored = canonical({ tag: 'latest', ...parseReference(target) });
    // The same image may be here under two manifests, one OCI's and one Docker's: the one that was named is pushed.
    const entryIn = (entries: readonly Descriptor[]) => {
      const mine = entries.filter(candidate => idOf(candidate) === id);
      return mine.find(candidate => isNamed(candidate, source)) ?? mine[0];
    };
    const now = this.layout.entries();
    // It has that name: nothing is written.
    if (now.some(entry => tagOf(entry) === stored && entry.digest === entryIn(now)?.digest)) return;
    await this.layout.update(entries => {
      const entry = entryIn(entries);
      if (entry === undefined) throw noSuchImage(source);
      const size = Number(entry.annotations?.[annotationKeys.size] ?? 0);
      const parent = parentOf(entry);
      const image = { manifest: entry, id, size, name: parseReference(target) };
      return withImages(entries, [parent === undefined ? image : { ...image, parent }]);
    });
  }

  /** As `addAll`, for one image. */
  async add(image: NewImage): Promise<ImageRecord> {
    await this.addAll([image]);
    return this.get(image.id);
  }

  /**
   * Enters images whose blobs and layers are stored, all of them in one step. An image that had one of the names before
   * stays, without the name: resolves, in the order of the images, to the id of that other image. Throws
   * `incomplete-image` where a part is missing, because another process collected it as garbage.
   */
  async addAll(images: readonly NewImage[]): Promise<(Digest | undefined)[]> {
    const { partsOf, missingParts } = await import('./collect.ts');
    let before: (Digest | undefined)[] = [];
    await this.layout.update(entries => {
      for (const image of new Map(images.map(image => [image.manifest.digest, image])).values()) {
        const missing = missingParts(this.root, this.layout, partsOf(this.layout, image.manifest));
        if (missing.length > 0) {
          throw new MinidockError('incomplete-image', `image ${image.id} lacks ${missing.join(', ')}`, {
            fix: 'pull or load it again',
          });
        }
      }
      before = formerOwners(entries, images);
      return withImages(entries, images);
    });
    return before;
  }

  #groupsOf(entries: readonly Descriptor[]): Map<Digest, Descriptor[]> {
    if (this.#groups?.of !== entries) this.#groups = { of: entries, by: groupById(entries) };
    return this.#groups.by;
  }

  /** Readers take no lock: an image may be removed after the index was read. Undefined then; a broken one throws. */
  #recordUnlessGone(id: Digest, groups: Map<Digest, Descriptor[]>): ImageRecord | undefined {
    try {
      return this.#record(id, groups);
    } catch (error) {
      if (this.layout.entries().some(entry => idOf(entry) === id)) throw error;
      return undefined;
    }
  }

  #record(id: Digest, groups: Map<Digest, Descriptor[]>): ImageRecord {
    const mine = groups.get(id)!;
    const { config, rootfs, ...image } = parseConfig(this.layout.readText(id, maxConfigSize), `image ${id}`);
    const parent = mine.map(parentOf).find(found => found !== undefined && groups.has(found));
    return {
      ...image,
      id,
      ...(parent === undefined ? {} : { parent }),
      manifestDigest: mine[0]!.digest,
      repoTags: readable(mine.map(tagOf)),
      repoDigests: readable(mine.map(repoDigestOf)),
      size: Number(mine[0]!.annotations?.[annotationKeys.size] ?? 0),
      config,
      diffIds: rootfs.diff_ids,
      layers: chainIds(rootfs.diff_ids).map(chainId => layerDirectory(this.root, chainId)),
    };
  }
}

export function noSuchImage(reference: string): MinidockError {
  return new MinidockError('no-such-image', `No such image: ${reference}`, { fix: '`minidock images` lists them' });
}

/** Stored references as people write them, each once. */
function readable(references: (string | undefined)[]): string[] {
  return [...new Set(references.filter(text => text !== undefined))].map(familiarText);
}
