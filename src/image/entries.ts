import { MinidockError } from '../errors.ts';
import { annotationKeys } from '../oci/annotations.ts';
import { type Digest, hexOf, isDigest } from '../oci/digest.ts';
import type { Descriptor } from '../oci/manifest.ts';
import { canonical, parseName, parseReference, type Reference, repositoryOf } from '../oci/reference.ts';

/** What is needed of an image whose blobs and layers are in place to enter it in `index.json`. */
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

/** Id of the image that an entry of the index names. */
export const idOf = (entry: Descriptor): string | undefined => entry.annotations?.[annotationKeys.id];

/** `docker.io/library/nginx:alpine`, where the entry gives its image a tag. */
export const tagOf = (entry: Descriptor): string | undefined => entry.annotations?.[annotationKeys.name];

/** `docker.io/library/nginx@sha256:…`, where a registry served the image. */
export const repoDigestOf = (entry: Descriptor): string | undefined => entry.annotations?.[annotationKeys.repoDigest];

export function parentOf(entry: Descriptor): Digest | undefined {
  const parent = entry.annotations?.[annotationKeys.parent];
  return isDigest(parent) ? parent : undefined;
}

/** The entries of each image, by its id. */
export function groupById(entries: readonly Descriptor[]): Map<Digest, Descriptor[]> {
  const groups = new Map<Digest, Descriptor[]>();
  for (const entry of entries) {
    const id = idOf(entry);
    if (!isDigest(id)) continue;
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [entry]);
    else group.push(entry);
  }
  return groups;
}

/** The entries in which an image is looked up: those of an index, or those that a change has left. */
export interface Names {
  /** The image with this tag (`docker.io/library/nginx:alpine`) or repository digest (`docker.io/library/nginx@sha256:…`). */
  named(text: string): string | undefined;
  ids(): Iterable<Digest>;
}

export function namesIn(entries: readonly Descriptor[]): Names {
  return {
    named: text => {
      const found = entries.find(entry => tagOf(entry) === text || repoDigestOf(entry) === text);
      return found && idOf(found);
    },
    ids: () => entries.map(idOf).filter(isDigest),
  };
}

/** The id that a name, an id or the beginning of one stands for; see `ImageStore.find`. */
export function findId(names: Names, text: string): Digest | undefined {
  const hex = text.startsWith('sha256:') ? text.slice('sha256:'.length) : text;
  const isHex = /^[0-9a-f]+$/.test(hex) && hex.length <= 64;
  const isId = isHex && (hex.length === 64 || text !== hex);
  const named = isId ? undefined : names.named(stored(isHex ? parseName(text) : parseReference(text)));
  if (isDigest(named) || !isHex) return isDigest(named) ? named : undefined;
  const ids = new Set([...names.ids()].filter(id => hexOf(id).startsWith(hex)));
  if (ids.size > 1) {
    throw new MinidockError('ambiguous-image', `image id ${text} is ambiguous: ${ids.size} images begin with it`, {
      fix: 'give more digits: minidock images --no-trunc',
    });
  }
  const [id] = ids;
  return id;
}

/** Whether an entry is what a name names: by its tag, or by the digest that a registry served it with. */
export function isNamed(entry: Descriptor, text: string): boolean {
  const isHex = /^(sha256:)?[0-9a-f]+$/.test(text);
  const name = isHex ? `docker.io/library/${text}:latest` : stored(parseReference(text));
  return tagOf(entry) === name || repoDigestOf(entry) === name;
}

/** A reference as entries have it. A digest goes before a tag that stands with it. */
function stored({ tag = 'latest', digest, ...name }: Reference): string {
  return canonical(digest === undefined ? { ...name, tag } : { ...name, digest });
}

/**
 * The entries with images added. Their names move to them; of two added images with the same name the later one gets
 * it. Entries that an image had already are not repeated.
 */
export function withImages(entries: readonly Descriptor[], images: readonly NewImage[]): Descriptor[] {
  const added = images.map(entryOf);
  const owners = new Map(added.map((entry, i) => [tagOf(entry), i]));
  const said = new Map<string, Set<string>>();
  for (const entry of added) {
    const [id, tag, digest] = [idOf(entry)!, tagOf(entry), repoDigestOf(entry)];
    const keys = said.get(id) ?? new Set();
    for (const key of [statement(), statement(tag), statement(undefined, digest), statement(tag, digest)])
      keys.add(key);
    said.set(id, keys);
  }
  const isOwned = (entry: Descriptor) => tagOf(entry) !== undefined && owners.has(tagOf(entry));
  return [
    ...entries
      .map(entry => (isOwned(entry) ? withoutName(entry) : entry))
      .filter(entry => !said.get(idOf(entry) ?? '')?.has(statement(tagOf(entry), repoDigestOf(entry)))),
    ...added.flatMap((entry, i) => {
      const owner = isOwned(entry) ? owners.get(tagOf(entry))! : i;
      if (owner === i) return [entry];
      return idOf(added[owner]!) === idOf(entry) ? [] : [withoutName(entry)];
    }),
  ];
}

/** For each image that is added, in order: the other one that has its name at that moment. */
export function formerOwners(entries: readonly Descriptor[], images: readonly NewImage[]): (Digest | undefined)[] {
  const owners = new Map(entries.map(entry => [tagOf(entry), idOf(entry)]));
  return images.map(image => {
    const tag = tagOf(entryOf(image));
    if (tag === undefined) return undefined;
    const owner = owners.get(tag);
    owners.set(tag, image.id);
    return isDigest(owner) && owner !== image.id ? owner : undefined;
  });
}

const statement = (tag = '', repoDigest = '') => `${tag} ${repoDigest}`;

function entryOf({ manifest, id, size, name, parent }: NewImage): Descriptor {
  const tagged = name?.tag === undefined ? undefined : canonical({ ...repositoryIn(name), tag: name.tag });
  const repoDigest = name?.digest === undefined ? undefined : `${repositoryOf(name)}@${name.digest}`;
  const { mediaType, digest, size: manifestSize, platform } = manifest;
  const annotations = {
    ...(tagged === undefined ? {} : { [annotationKeys.name]: tagged, [annotationKeys.containerdName]: tagged }),
    ...(repoDigest === undefined ? {} : { [annotationKeys.repoDigest]: repoDigest }),
    [annotationKeys.id]: id,
    [annotationKeys.size]: String(size),
    ...(parent === undefined ? {} : { [annotationKeys.parent]: parent }),
  };
  return { mediaType, digest, size: manifestSize, ...(platform ? { platform } : {}), annotations };
}

const repositoryIn = ({ domain, path }: Reference) => ({ domain, path });

/** An entry whose tag moved away or was removed. */
export function withoutName(entry: Descriptor): Descriptor {
  const { [annotationKeys.name]: _, [annotationKeys.containerdName]: __, ...annotations } = entry.annotations ?? {};
  return { ...entry, annotations };
}

/** An entry whose repository digest was removed. */
export function withoutRepoDigest(entry: Descriptor): Descriptor {
  const { [annotationKeys.repoDigest]: _, ...annotations } = entry.annotations ?? {};
  return { ...entry, annotations };
}
