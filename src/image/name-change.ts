import type { Digest } from '../oci/digest.ts';
import type { Descriptor } from '../oci/manifest.ts';
import { parseName, repositoryOf } from '../oci/reference.ts';
import { groupById, idOf, type Names, repoDigestOf, tagOf, withoutName, withoutRepoDigest } from './entries.ts';

/**
 * Names and images that are taken out of an index: worked out name by name, and applied to its entries in one go, so that
 * thousands of names cost no more than reading them. Names are as entries have them: `docker.io/library/nginx:alpine`,
 * `docker.io/library/nginx@sha256:…`.
 */
export class NameChange implements Names {
  /** The remaining images, each with its names by repository. */
  readonly #images = new Map<Digest, Map<string, Set<string>>>();
  readonly #owners = new Map<string, Set<Digest>>();
  readonly #changed = new Set<string>();

  constructor(entries: readonly Descriptor[]) {
    for (const [id, mine] of groupById(entries)) {
      const names = new Map<string, Set<string>>();
      this.#images.set(id, names);
      for (const name of mine.flatMap(namesOf)) {
        const repository = repositoryOf(parseName(name));
        names.set(repository, (names.get(repository) ?? new Set()).add(name));
        this.#owners.set(name, (this.#owners.get(name) ?? new Set()).add(id));
      }
    }
  }

  named(name: string): Digest | undefined {
    const [owner] = this.#owners.get(name) ?? [];
    return owner;
  }

  ids(): Iterable<Digest> {
    return this.#images.keys();
  }

  has(id: Digest): boolean {
    return this.#images.has(id);
  }

  /** An image's names, of one repository or of all: sorted, so that the tags of a repository come before its digests. */
  namesOf(id: Digest, repository?: string): string[] {
    const names = this.#images.get(id) ?? new Map<string, Set<string>>();
    return (repository === undefined ? [...names.values()] : [names.get(repository) ?? []])
      .flatMap(of => [...of])
      .sort();
  }

  hasTag(id: Digest, repository: string): boolean {
    for (const name of this.#images.get(id)?.get(repository) ?? []) if (!isRepoDigest(name)) return true;
    return false;
  }

  isNameless(id: Digest): boolean {
    return this.#images.get(id)?.size === 0;
  }

  /**
   * Whether the image has one tag at most, and digests of the same repository only: then removing it by id is as clear
   * as by name.
   */
  isSingle(id: Digest): boolean {
    const names = this.namesOf(id);
    const repositories = this.#images.get(id)?.size ?? 0;
    return names.length <= 1 || (repositories === 1 && names.filter(name => !isRepoDigest(name)).length <= 1);
  }

  untag(id: Digest, name: string): void {
    const names = this.#images.get(id);
    const repository = repositoryOf(parseName(name));
    const mine = names?.get(repository);
    mine?.delete(name);
    if (mine?.size === 0) names?.delete(repository);
    this.#owners.get(name)?.delete(id);
    this.#changed.add(id);
  }

  delete(id: Digest): void {
    this.#images.delete(id);
    this.#changed.add(id);
  }

  /**
   * The entries of the index after the change. An entry without a name is dropped, unless it is the only one of its
   * image.
   */
  apply(entries: Descriptor[]): Descriptor[] {
    if (this.#changed.size === 0) return entries;
    const left = entries.map(entry => (this.#changed.has(idOf(entry) ?? '') ? this.#stripped(entry) : entry));
    const idle = new Set<Descriptor>();
    for (const [id, mine] of groupById(left.filter(entry => entry !== undefined))) {
      if (!this.#changed.has(id)) continue;
      const silent = mine.filter(entry => namesOf(entry).length === 0);
      for (const entry of silent.length === mine.length ? silent.slice(1) : silent) idle.add(entry);
    }
    return left.filter(entry => entry !== undefined && !idle.has(entry)) as Descriptor[];
  }

  /** Without the names that are gone; undefined where its image is. */
  #stripped(entry: Descriptor): Descriptor | undefined {
    const names = this.#images.get(idOf(entry) as Digest);
    if (names === undefined) return undefined;
    const isLeft = (name: string | undefined) =>
      name === undefined || names.get(repositoryOf(parseName(name)))?.has(name) === true;
    const tagged = isLeft(tagOf(entry)) ? entry : withoutName(entry);
    return isLeft(repoDigestOf(entry)) ? tagged : withoutRepoDigest(tagged);
  }
}

const isRepoDigest = (name: string) => name.includes('@');

const namesOf = (entry: Descriptor): string[] => [tagOf(entry), repoDigestOf(entry)].filter(name => name !== undefined);
