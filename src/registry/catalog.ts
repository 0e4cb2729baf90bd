import { type Digest, isDigest } from '../image/digest.ts';
import type { Layout } from '../image/layout.ts';
import { type Descriptor, maxManifestSize, parseManifest } from '../image/manifest.ts';
import { isTag, parseName } from '../image/reference.ts';
import { annotationKeys } from '../image/store.ts';

interface Named {
  /** As clients ask for it: `library/nginx`. */
  repository: string;
  tag?: string;
  digest: Digest;
}

const official = 'library/';

/** What an image layout holds, as a registry names it: by repository, whichever registry it came from, and tag. */
export class Catalog {
  readonly #layout: Layout;
  readonly #images: Named[];

  /** Entries named by a tag alone belong to `repository`. */
  constructor(layout: Layout, repository: string | undefined) {
    this.#layout = layout;
    this.#images = layout.entries().flatMap(entry => namesOf(entry, repository));
  }

  repositories(): string[] {
    return [...new Set(this.#images.filter(({ tag }) => tag !== undefined).map(({ repository }) => repository))].sort();
  }

  tags(repository: string): string[] {
    const tags = this.#of(repository).map(({ tag }) => tag);
    return [...new Set(tags.filter(tag => tag !== undefined))].sort();
  }

  /** The manifest or index of a tag, or the digest itself where the repository holds it. */
  manifest(repository: string, name: string): Digest | undefined {
    const images = this.#of(repository);
    if (!isDigest(name)) return images.find(({ tag }) => tag === name)?.digest;
    return images.some(({ digest }) => digest === name || this.#inIndex(digest, name)) ? name : undefined;
  }

  /** `nginx` also finds Docker Hub's `library/nginx`: a classroom asks the teacher's machine for it by that name. */
  #of(repository: string): Named[] {
    const exact = this.#images.filter(image => image.repository === repository);
    return exact.length > 0 || repository.includes('/')
      ? exact
      : this.#images.filter(image => image.repository === official + repository);
  }

  #inIndex(index: Digest, wanted: Digest): boolean {
    if (!this.#layout.has(index)) return false;
    const document = parseManifest(this.#layout.read(index, maxManifestSize), undefined, `blob ${index}`);
    return document.kind === 'index' && document.manifests.some(({ digest }) => digest === wanted);
  }
}

function namesOf({ digest, annotations = {} }: Descriptor, fallback: string | undefined): Named[] {
  const name = annotations[annotationKeys.name];
  if (name === undefined) return [];
  if (isTag(name)) return fallback === undefined ? [] : [{ repository: fallback, tag: name, digest }];
  const { path, tag } = parseName(name);
  return [{ repository: path, tag, digest }];
}
