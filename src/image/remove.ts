import { MinidockError } from '../errors.ts';
import { annotationKeys } from '../oci/annotations.ts';
import { type Digest, hexOf, isDigest, shortDigest } from '../oci/digest.ts';
import type { Descriptor } from '../oci/manifest.ts';
import { canonical, familiar, parseName, parseReference, type Reference, repositoryOf } from '../oci/reference.ts';
import { chainIds } from '../storage/chain.ts';
import { collectGarbage } from './collect.ts';
import { findId, type ImageRecord, type ImageStore, idOf, noSuchImage, withoutName } from './store.ts';

/** A container, as far as images care. */
export interface ImageUse {
  containerId: string;
  imageId: string;
  running: boolean;
}

export interface RemoveOptions {
  /** Also where several tags, or stopped containers, speak against it. */
  force: boolean;
  /** Parents that are left without a name and without another child go as well. */
  prune: boolean;
  uses: readonly ImageUse[];
}

/** What happened, in order, and how many bytes of disk it freed. */
export interface Removal {
  lines: ({ untagged: string } | { deleted: Digest })[];
  bytes: number;
  /** Why something that went with the images is still on disk. */
  failures: MinidockError[];
}

/**
 * Removes images as `docker rmi` does. By name: the name goes, and the image with its last name. By id: the image goes with
 * all its names, where they are of one repository or `force` is given. Running containers keep their image, whatever is
 * said; a name is taken from it all the same where `force` is given.
 *
 * Throws `no-such-image`, and `image-in-use` in Docker's words.
 */
export async function removeImage(store: ImageStore, reference: string, options: RemoveOptions): Promise<Removal> {
  const lines: Removal['lines'] = [];
  const images = readableImages(store);
  const deleted: ImageRecord[] = [];
  await store.layout.update(entries => {
    const id = findId(entries, reference);
    if (id === undefined) throw noSuchImage(fullName(reference));
    const transaction = new Transaction(entries, images, options.uses);
    if (isIdPrefix(reference, id)) transaction.removeById(id, options);
    else transaction.removeByName(reference, id, options);
    lines.push(...transaction.lines);
    deleted.push(...transaction.deleted);
    return transaction.entries;
  });
  if (!lines.some(line => 'deleted' in line)) return { lines, bytes: 0, failures: [] };
  const { layers, bytes, failures } = await collectGarbage(store.root, store.layout);
  return { lines: withLayers(lines, deleted, new Set(layers)), bytes, failures };
}

/** A broken image can be removed like any other: what is not known of it is left out. */
function readableImages(store: ImageStore): Map<Digest, ImageRecord> {
  const images = new Map<Digest, ImageRecord>();
  for (const id of new Set(store.layout.entries().map(idOf).filter(isDigest))) {
    try {
      images.set(id, store.get(id));
    } catch (error) {
      if (!(error instanceof MinidockError)) throw error;
    }
  }
  return images;
}

/** After each image the layers that went with it, top first. */
function withLayers(lines: Removal['lines'], deleted: ImageRecord[], gone: Set<Digest>): Removal['lines'] {
  return lines.flatMap(line => {
    const image = 'deleted' in line ? deleted.find(({ id }) => id === line.deleted) : undefined;
    const layers = image === undefined ? [] : chainIds(image.diffIds).reverse();
    return [line, ...layers.filter(layer => gone.delete(layer)).map(layer => ({ deleted: layer }))];
  });
}

/** As Docker names what it did not find: with the tag that was meant. */
function fullName(reference: string): string {
  if (/^[0-9a-f]{64}$/.test(reference)) return `sha256:${reference}`;
  return reference.startsWith('sha256:') ? reference : familiar(parseReference(reference));
}

/** A change of the index: worked out on its entries, written by the caller in one step. */
class Transaction {
  entries: Descriptor[];
  readonly lines: Removal['lines'] = [];
  readonly deleted: ImageRecord[] = [];
  readonly #images: ReadonlyMap<Digest, ImageRecord>;
  readonly #uses: readonly ImageUse[];

  constructor(entries: Descriptor[], images: ReadonlyMap<Digest, ImageRecord>, uses: readonly ImageUse[]) {
    this.entries = entries;
    this.#images = images;
    this.#uses = uses;
  }

  removeByName(text: string, id: Digest, { force, prune }: RemoveOptions): void {
    const name = parseReference(text);
    const user = this.#uses.find(({ imageId }) => imageId === id);
    if (!force && user !== undefined && isSingle(this.#names(id))) {
      throw new MinidockError(
        'image-in-use',
        `conflict: unable to remove repository reference "${text}" (must force) - container ${user.containerId.slice(0, 12)} is using its referenced image ${shortDigest(id)}`,
      );
    }
    // As `find` has it, a digest goes before a tag that stands with it.
    this.#untag(id, name.digest === undefined ? name : { ...name, tag: undefined });
    const repository = repositoryOf(name);
    const rest = this.#names(id).filter(other => repositoryOf(other) === repository);
    // A digest outlives the last tag of its repository only where it was named itself.
    if (name.digest === undefined && rest.every(({ tag }) => tag === undefined)) {
      for (const other of rest) this.#untag(id, other);
    }
    if (this.#names(id).length === 0) this.#delete(id, { force, prune, isQuiet: true });
  }

  removeById(id: Digest, { force, prune }: RemoveOptions): void {
    const names = this.#names(id);
    if (isSingle(names)) {
      const conflict = this.#conflict(id, { force, ignoreNames: true });
      if (conflict !== undefined) throw conflict.error;
      for (const name of names) this.#untag(id, name);
    }
    this.#delete(id, { force, prune, isQuiet: false });
  }

  #delete(id: Digest, options: { force: boolean; prune: boolean; isQuiet: boolean }): void {
    const conflict = this.#conflict(id, options);
    if (conflict !== undefined) {
      const isDangling = this.#names(id).length === 0 && this.#children(id).length === 0;
      if (options.isQuiet && (!isDangling || conflict.isUse)) return;
      throw conflict.error;
    }
    for (const name of this.#names(id)) this.#untag(id, name);
    const image = this.#images.get(id);
    this.entries = this.entries.filter(entry => idOf(entry) !== id);
    this.lines.push({ deleted: id });
    if (image === undefined) return;
    this.deleted.push(image);
    if (options.prune && image.parent !== undefined)
      this.#delete(image.parent, { force: false, prune: true, isQuiet: true });
  }

  /** Why the image must stay; in Docker's order. */
  #conflict(id: Digest, { force, ignoreNames = false }: { force: boolean; ignoreNames?: boolean }) {
    const conflict = (isHard: boolean, isUse: boolean, reason: string) => ({
      isUse,
      error: new MinidockError(
        'image-in-use',
        `conflict: unable to delete ${shortDigest(id)} (${isHard ? 'cannot be forced' : 'must be forced'}) - ${reason}`,
      ),
    });
    if (this.#children(id).length > 0) return conflict(true, false, 'image has dependent child images');
    const uses = this.#uses.filter(({ imageId }) => imageId === id);
    const running = uses.find(({ running }) => running);
    if (running !== undefined) {
      return conflict(true, true, `image is being used by running container ${running.containerId.slice(0, 12)}`);
    }
    if (force) return undefined;
    if (!ignoreNames && this.#names(id).length > 0) {
      return conflict(false, false, 'image is referenced in multiple repositories');
    }
    const [stopped] = uses;
    if (stopped === undefined) return undefined;
    return conflict(false, true, `image is being used by stopped container ${stopped.containerId.slice(0, 12)}`);
  }

  #children(id: Digest): Digest[] {
    const here = new Set(this.entries.map(idOf));
    return [...this.#images.values()].filter(image => image.parent === id && here.has(image.id)).map(image => image.id);
  }

  /** In Docker's order: sorted, so that the tags of a repository come before its digests. */
  #names(id: Digest): Reference[] {
    const mine = this.entries.filter(entry => idOf(entry) === id).map(({ annotations = {} }) => annotations);
    const texts = [annotationKeys.name, annotationKeys.repoDigest].flatMap(key => mine.map(one => one[key]));
    return [...new Set(texts.filter(text => text !== undefined))].sort().map(parseName);
  }

  #untag(id: Digest, name: Reference): void {
    const wanted = canonical(name);
    const isDigest = name.digest !== undefined;
    const key = isDigest ? annotationKeys.repoDigest : annotationKeys.name;
    const entries = this.entries.map(entry => {
      if (idOf(entry) !== id || entry.annotations?.[key] !== wanted) return entry;
      return isDigest ? withoutDigest(entry) : withoutName(entry);
    });
    this.entries = withoutIdle(entries, id);
    this.lines.push({ untagged: familiar(name) });
  }
}

/** Without an image's entries that name nothing; the last one stays, for it is the image. */
function withoutIdle(entries: Descriptor[], id: Digest): Descriptor[] {
  const mine = entries.filter(entry => idOf(entry) === id);
  const idle = mine.filter(({ annotations = {} }) =>
    [annotationKeys.name, annotationKeys.repoDigest].every(key => annotations[key] === undefined),
  );
  const doomed = new Set(idle.length === mine.length ? idle.slice(1) : idle);
  return entries.filter(entry => !doomed.has(entry));
}

function withoutDigest(entry: Descriptor): Descriptor {
  const { [annotationKeys.repoDigest]: _, ...annotations } = entry.annotations ?? {};
  return { ...entry, annotations };
}

/** One tag, and digests of the same repository only: then an id means as much as the name. */
function isSingle(names: readonly Reference[]): boolean {
  if (names.length <= 1) return true;
  const tags = names.filter(({ digest }) => digest === undefined);
  return tags.length <= 1 && new Set(names.map(repositoryOf)).size === 1;
}

function isIdPrefix(reference: string, id: Digest): boolean {
  return id.startsWith(reference) || hexOf(id).startsWith(reference);
}
