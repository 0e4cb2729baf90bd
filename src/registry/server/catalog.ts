import type { Layout } from '../../image/layout.ts';
import { annotationKeys } from '../../oci/annotations.ts';
import { type Digest, isDigest } from '../../oci/digest.ts';
import { type Descriptor, maxManifestSize, parseManifest } from '../../oci/manifest.ts';
import { isTag, parseName } from '../../oci/reference.ts';

/**
 * Annotation of an entry of `index.json` that is served and is no image of this machine: an index, or an image for another
 * machine that an index names. `localhost:5000/app@sha256:…`, with a tag where no image can bear it.
 */
export const servedKey = 'io.minidock.served-as';

interface Named {
  /** As clients ask for it: `library/nginx`. */
  repository: string;
  tag?: string;
  digest: Digest;
  /** Pushed to this registry, not the machine's own. */
  pushed: boolean;
}

const official = 'library/';
/** Domain under which pushed images are entered, with the registry's port. */
export const ownHost = 'localhost';

/** What an image layout holds, as a registry names it: by repository, whichever registry it came from, and tag. */
export class Catalog {
  readonly #layout: Layout;
  readonly #images: Named[];

  /** Entries named by a tag alone belong to `repository`. */
  constructor(layout: Layout, repository: string | undefined) {
    this.#layout = layout;
    const entries = layout.entries();
    const indexes = new Set(entries.filter(isServed).map(({ digest }) => digest));
    const named = entries.flatMap(entry => namesOf(entry, repository, indexes, layout));
    // What was pushed here goes before what came from elsewhere.
    this.#images = named.sort((a, b) => Number(b.pushed) - Number(a.pushed));
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

  /** What the repository holds, each once. */
  digests(repository: string): Digest[] {
    return [...new Set(this.#of(repository).map(({ digest }) => digest))];
  }

  /** Whether a tag is the machine's own: nobody may push over it. */
  isOwners(repository: string, tag: string): boolean {
    const images = this.#of(repository).filter(image => image.tag === tag);
    return images.length > 0 && images.every(({ pushed }) => !pushed);
  }

  /** `nginx` also finds Docker Hub's `library/nginx`: a classroom asks the teacher's machine for it by that name. */
  #of(repository: string): Named[] {
    const exact = this.#images.filter(image => image.repository === repository);
    return exact.length > 0 || repository.includes('/')
      ? exact
      : this.#images.filter(image => image.repository === official + repository);
  }

  #inIndex(index: Digest, wanted: Digest): boolean {
    if (!this.#layout.has(index) || !this.#layout.has(wanted)) return false;
    const document = parseManifest(this.#layout.read(index, maxManifestSize), undefined, `blob ${index}`);
    return document.kind === 'index' && document.manifests.some(({ digest }) => digest === wanted);
  }
}

const isServed = ({ annotations }: Descriptor) => annotations?.[servedKey] !== undefined;

/** Whether a stored name is one that was pushed here. */
export function isPushed(name: string): boolean {
  return parseName(name).domain.replace(/:\d+$/, '') === ownHost;
}

function namesOf(
  { digest, annotations = {} }: Descriptor,
  fallback: string | undefined,
  indexes: ReadonlySet<Digest>,
  layout: Layout,
): Named[] {
  const served = annotations[servedKey];
  if (served !== undefined) {
    const { path, tag } = parseName(served);
    return [{ repository: path, digest, pushed: true, ...(tag === undefined ? {} : { tag }) }];
  }
  const repoDigest = annotations[annotationKeys.repoDigest];
  const from = repoDigest === undefined ? undefined : parseName(repoDigest);
  const original = isDigest(from?.digest) && layout.has(from.digest) ? from.digest : digest;
  const known =
    from === undefined
      ? []
      : [digest, original].map(found => ({ repository: from.path, digest: found, pushed: isPushed(repoDigest!) }));
  const name = annotations[annotationKeys.name];
  if (name === undefined) return known;
  if (isTag(name)) return fallback === undefined ? [] : [{ repository: fallback, tag: name, digest, pushed: false }];
  const { path, tag } = parseName(name);
  // An index that was pushed is served as it came; of one that was pulled, only this machine's image is here.
  const whole = path === from?.path && indexes.has(original) ? original : digest;
  return [
    { repository: path, tag, digest: whole, pushed: isPushed(name) },
    { repository: path, digest, pushed: isPushed(name) },
    ...known,
  ];
}
