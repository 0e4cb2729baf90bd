import { type Digest, isDigest } from '../../oci/digest.ts';
import { maxManifestSize } from '../../oci/manifest.ts';
import { canonical, parseName, type Reference } from '../../oci/reference.ts';
import type { ArchivedImage } from './archived-image.ts';
import { corruptArchive, hostileArchive } from './failure.ts';
import { type FileMember, type Members, shown } from './members.ts';

const maxLayers = 127;
const maxImages = 1000;

/**
 * `manifest.json` of `docker save`: a list of `{ Config, RepoTags, Layers, Parent }`, whose files stand under any name:
 * `ID.json` and `ID/layer.tar`, which may be a link (Docker before 25), `DIGEST.tar` (skopeo, podman), `blobs/sha256/HEX`.
 */
export function readDockerArchive(members: Members): ArchivedImage[] {
  const manifest = parseJson(members.read('manifest.json', maxManifestSize));
  if (!Array.isArray(manifest)) throw corruptArchive('its manifest.json is no list');
  if (manifest.length > maxImages) throw hostileArchive(`its manifest.json lists ${manifest.length} images`);
  return manifest.map((item, i) => readImage(members, item, `image ${i + 1} of its manifest.json`));
}

function readImage(members: Members, item: unknown, what: string): ArchivedImage {
  if (typeof item !== 'object' || item === null) throw corruptArchive(`${what} is no object`);
  const { Config, Layers, RepoTags, Parent } = item as Record<string, unknown>;
  if (typeof Config !== 'string') throw corruptArchive(`${what} names no Config`);
  const layers = texts(Layers, `Layers of ${what}`);
  if (layers.length > maxLayers) throw hostileArchive(`${what} has ${layers.length} layers, more than ${maxLayers}`);
  const names = texts(RepoTags, `RepoTags of ${what}`).map(text => readTag(text));
  return {
    config: content(members, Config),
    layers: layers.map(layer => content(members, layer)),
    names: [...new Map(names.map(name => [canonical(name), name])).values()],
    ...(isDigest(Parent) ? { parent: Parent satisfies Digest } : {}),
  };
}

/** A file whose name says a digest must have it. `ID/layer.tar` does not: that id is of another kind. */
function content(members: Members, name: string): FileMember {
  const file = members.file(name);
  const hex = /^(?:blobs\/sha256\/)?([0-9a-f]{64})(?:\.json)?$/.exec(name)?.[1];
  if (hex !== undefined && file.digest !== `sha256:${hex}`) {
    throw corruptArchive(`its ${shown(name)} has the digest ${file.digest}`);
  }
  return file;
}

function readTag(text: string): Reference {
  const name = parseName(text);
  if (name.tag === undefined || name.digest !== undefined) throw corruptArchive(`${shown(text)} in it is no tag`);
  return name;
}

function texts(value: unknown, what: string): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every(item => typeof item === 'string')) {
    throw corruptArchive(`${what} is no list of texts`);
  }
  return value;
}

function parseJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString());
  } catch (error) {
    throw corruptArchive('its manifest.json is not valid JSON', error);
  }
}
