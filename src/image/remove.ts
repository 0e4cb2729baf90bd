import { MinidockError } from '../errors.ts';
import { type Digest, hexOf, shortDigest } from '../oci/digest.ts';
import { canonical, familiar, parseName, parseReference, repositoryOf } from '../oci/reference.ts';
import { chainIds } from '../storage/chain.ts';
import { collectGarbage } from './collect.ts';
import { findId } from './entries.ts';
import { NameChange } from './name-change.ts';
import { type ImageRecord, type ImageStore, noSuchImage } from './store.ts';

/** The parts of a container that matter for removing images. */
export interface ImageUse {
  containerId: string;
  imageId: string;
  running: boolean;
}

export interface RemoveOptions {
  /** Remove also where several tags or stopped containers refer to the image. */
  force: boolean;
  /** Also remove parents that then have no name and no other child. */
  prune: boolean;
  uses: readonly ImageUse[];
}

export interface RemovedImages {
  /** What happened to each reference. */
  outcomes: (Removal | MinidockError)[];
  /** Bytes of disk that were freed. */
  bytes: number;
  /** Why a part of a removed image is still on disk. */
  failures: MinidockError[];
}

/** What happened, in order. */
export type Removal = ({ untagged: string } | { deleted: Digest })[];

/**
 * Removes images as `docker rmi` does. By name: the name goes, and the image with its last name. By id: the image goes with
 * all its names, where they are of one repository or `force` is given. Running containers keep their image, whatever is
 * said; a name is taken from it all the same where `force` is given.
 *
 * All references in one change of the index, one after another; resolves to what happened to each, in order: `no-such-image`,
 * `image-in-use` in Docker's words, and what a reference that is none throws stand for the reference alone.
 */
export async function removeImages(
  store: ImageStore,
  references: readonly string[],
  options: RemoveOptions,
): Promise<RemovedImages> {
  // A broken image can be removed like any other: its unknown parts are left out.
  const images = new Map(store.list(() => {}).map(image => [image.id, image]));
  let outcomes: (Removal | MinidockError)[] = [];
  await store.layout.update(entries => {
    const change = new NameChange(entries);
    const remover = new Remover(change, images, options);
    outcomes = references.map(reference => orItsError(() => remover.remove(reference)));
    return change.apply(entries);
  });
  const lines = outcomes.flatMap(outcome => (outcome instanceof MinidockError ? [] : outcome));
  if (!lines.some(line => 'deleted' in line)) return { outcomes, bytes: 0, failures: [] };
  const { layers, bytes, failures } = await collectGarbage(store.root, store.layout);
  const gone = new Set(layers);
  return {
    outcomes: outcomes.map(outcome => (outcome instanceof MinidockError ? outcome : withLayers(outcome, images, gone))),
    bytes,
    failures,
  };
}

function orItsError<T>(action: () => T): T | MinidockError {
  try {
    return action();
  } catch (error) {
    if (error instanceof MinidockError) return error;
    throw error;
  }
}

/** After each image the layers that went with it, top first. */
function withLayers(lines: Removal, images: ReadonlyMap<string, ImageRecord>, gone: Set<Digest>): Removal {
  return lines.flatMap(line => {
    const image = 'deleted' in line ? images.get(line.deleted) : undefined;
    const layers = image === undefined ? [] : chainIds(image.diffIds).reverse();
    return [line, ...layers.filter(layer => gone.delete(layer)).map(layer => ({ deleted: layer }))];
  });
}

/** The name in Docker's message for an image that was not found: with the implied tag. */
function fullName(reference: string): string {
  if (/^[0-9a-f]{64}$/.test(reference)) return `sha256:${reference}`;
  return reference.startsWith('sha256:') ? reference : familiar(parseReference(reference));
}

/** Decides, as Docker does, what goes with a reference. Each removal happens whole or throws before it has changed anything. */
class Remover {
  readonly #change: NameChange;
  readonly #images: ReadonlyMap<string, ImageRecord>;
  readonly #options: RemoveOptions;
  #lines: Removal = [];

  constructor(change: NameChange, images: ReadonlyMap<string, ImageRecord>, options: RemoveOptions) {
    this.#change = change;
    this.#images = images;
    this.#options = options;
  }

  remove(reference: string): Removal {
    const id = findId(this.#change, reference);
    if (id === undefined) throw noSuchImage(fullName(reference));
    this.#lines = [];
    if (isIdPrefix(reference, id)) this.#removeById(id);
    else this.#removeByName(reference, id);
    return this.#lines;
  }

  #removeByName(text: string, id: Digest): void {
    const name = parseReference(text);
    const user = this.#options.uses.find(({ imageId }) => imageId === id);
    if (!this.#options.force && user !== undefined && this.#change.isSingle(id)) {
      throw new MinidockError(
        'image-in-use',
        `conflict: unable to remove repository reference "${text}" (must force) - container ${user.containerId.slice(0, 12)} is using its referenced image ${shortDigest(id)}`,
      );
    }
    // As `find` has it, a digest goes before a tag that stands with it.
    this.#untag(id, canonical(name.digest === undefined ? name : { ...name, tag: undefined }));
    const repository = repositoryOf(name);
    // A digest outlives the last tag of its repository only where it was named itself.
    if (name.digest === undefined && !this.#change.hasTag(id, repository)) {
      for (const digest of this.#change.namesOf(id, repository)) this.#untag(id, digest);
    }
    if (this.#change.isNameless(id)) this.#deleteUnlessNeeded(id, this.#options.force);
  }

  #removeById(id: Digest): void {
    const conflict = this.#conflict(id, { force: this.#options.force, ignoreNames: this.#change.isSingle(id) });
    if (conflict !== undefined) throw conflict;
    this.#delete(id);
  }

  /** A parent that was not named and is still needed stays, without a message. */
  #deleteUnlessNeeded(id: Digest, force: boolean): void {
    if (this.#conflict(id, { force, ignoreNames: false }) === undefined) this.#delete(id);
  }

  #delete(id: Digest): void {
    for (const name of this.#change.namesOf(id)) this.#untag(id, name);
    this.#change.delete(id);
    this.#lines.push({ deleted: id });
    const parent = this.#images.get(id)?.parent;
    if (this.#options.prune && parent !== undefined && this.#change.has(parent))
      this.#deleteUnlessNeeded(parent, false);
  }

  #untag(id: Digest, name: string): void {
    this.#change.untag(id, name);
    this.#lines.push({ untagged: familiar(parseName(name)) });
  }

  /** Why the image must stay; in Docker's order. */
  #conflict(id: Digest, { force, ignoreNames }: { force: boolean; ignoreNames: boolean }): MinidockError | undefined {
    const conflict = (isHard: boolean, reason: string) =>
      new MinidockError(
        'image-in-use',
        `conflict: unable to delete ${shortDigest(id)} (${isHard ? 'cannot be forced' : 'must be forced'}) - ${reason}`,
      );
    if (this.#hasChildren(id)) return conflict(true, 'image has dependent child images');
    const uses = this.#options.uses.filter(({ imageId }) => imageId === id);
    const running = uses.find(({ running }) => running);
    if (running !== undefined) {
      return conflict(true, `image is being used by running container ${running.containerId.slice(0, 12)}`);
    }
    if (force) return undefined;
    if (!ignoreNames && !this.#change.isNameless(id)) {
      return conflict(false, 'image is referenced in multiple repositories');
    }
    const [stopped] = uses;
    if (stopped === undefined) return undefined;
    return conflict(false, `image is being used by stopped container ${stopped.containerId.slice(0, 12)}`);
  }

  #hasChildren(id: Digest): boolean {
    return [...this.#images.values()].some(image => image.parent === id && this.#change.has(image.id));
  }
}

function isIdPrefix(reference: string, id: Digest): boolean {
  return id.startsWith(reference) || hexOf(id).startsWith(reference);
}
