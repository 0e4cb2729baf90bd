import { MinidockError } from '../errors.ts';
import { type Digest, parseDigest } from './digest.ts';
import { configTypes, indexTypes, isForeignLayer, layerTypes, manifestTypes } from './media-types.ts';

/** What content is and how much of it (OCI image-spec descriptor.md). */
export interface Descriptor {
  mediaType: string;
  digest: Digest;
  /** Bytes. */
  size: number;
  annotations?: Record<string, string>;
  platform?: Platform;
}

export interface Platform {
  os: string;
  architecture: string;
  variant?: string;
}

/** One image for one platform (manifest.md), in the OCI or the Docker schema 2 form. */
export interface Manifest {
  kind: 'manifest';
  mediaType: string;
  config: Descriptor;
  /** Bottom first. */
  layers: Descriptor[];
  annotations?: Record<string, string>;
}

/** Images of one name for several platforms (image-index.md), or Docker's manifest list. */
export interface Index {
  kind: 'index';
  mediaType: string;
  manifests: Descriptor[];
}

/** What Docker's registries accept; larger ones only cost memory (CVE-2021-20291). */
export const maxManifestSize = 4 << 20;
const maxLayers = 127;

type Json = Record<string, unknown>;

/**
 * Reads a manifest or an index. The registry's content type, the document's own `mediaType` and its fields must agree:
 * a document that can be read as both has been used to show different images to different readers (CVE-2021-41190).
 *
 * `what` names it in errors: `manifest of nginx:alpine`.
 */
export function parseManifest(content: Uint8Array, contentType: string | undefined, what: string): Manifest | Index {
  const document = parseObject(content, what);
  if (document.schemaVersion === 1) throw schema1(what);
  if (document.schemaVersion !== 2)
    throw malformed(what, `schemaVersion is ${JSON.stringify(document.schemaVersion)}, not 2`);
  const hasManifests = document.manifests !== undefined;
  const hasLayers = document.layers !== undefined || document.config !== undefined;
  if (hasManifests === hasLayers) {
    throw malformed(what, hasManifests ? 'it is both a manifest and an index' : 'it has neither layers nor manifests');
  }
  const own = document.mediaType ?? undefined;
  const served = contentType?.split(';')[0]?.trim().toLowerCase();
  const known = [...manifestTypes, ...indexTypes];
  const mediaType =
    own ?? (served !== undefined && known.includes(served) ? served : hasLayers ? manifestTypes[0] : indexTypes[0]);
  const expected = hasLayers ? manifestTypes : indexTypes;
  if (typeof mediaType !== 'string' || !expected.includes(mediaType)) {
    throw malformed(what, `media type ${JSON.stringify(mediaType)} does not fit its content`);
  }
  if (served !== undefined && known.includes(served) && served !== mediaType) {
    throw malformed(
      what,
      `it says media type ${JSON.stringify(mediaType)} but was served as ${JSON.stringify(served)}`,
    );
  }
  return hasLayers ? readManifest(document, mediaType, what) : readIndex(document, mediaType, what);
}

/** Throws `schema-1` for a manifest of that kind, whatever else is wrong with it. */
export function refuseSchema1(content: Uint8Array, what: string): void {
  try {
    parseManifest(content, undefined, what);
  } catch (error) {
    if (error instanceof MinidockError && error.code === 'schema-1') throw error;
  }
}

function schema1(what: string): MinidockError {
  return new MinidockError(
    'schema-1',
    `${what} has schema version 1, Docker's format before 2016, which is not supported`,
    { fix: 'have the image pushed again by a current client, or convert it: skopeo copy --format v2s2 FROM TO' },
  );
}

function readManifest(document: Json, mediaType: string, what: string): Manifest {
  const config = readDescriptor(document.config, `${what}, config`);
  if (!configTypes.includes(config.mediaType)) {
    throw malformed(what, `it is no container image but has a config of type ${JSON.stringify(config.mediaType)}`);
  }
  const layers = readList(document.layers, what, 'layers').map((layer, i) =>
    readDescriptor(layer, `${what}, layer ${i + 1}`),
  );
  if (layers.length > maxLayers) throw malformed(what, `it has ${layers.length} layers, more than ${maxLayers}`);
  for (const layer of layers) {
    if (isForeignLayer(layer.mediaType)) {
      throw malformed(what, `layer ${layer.digest} lies outside the registry (${layer.mediaType}) and is not fetched`);
    }
    if (!layerTypes.includes(layer.mediaType)) {
      throw malformed(what, `layer ${layer.digest} has the unknown media type ${JSON.stringify(layer.mediaType)}`);
    }
  }
  const { annotations } = document;
  const said =
    annotations === undefined || annotations === null ? {} : { annotations: readAnnotations(annotations, what) };
  return { kind: 'manifest', mediaType, config, layers, ...said };
}

function readIndex(document: Json, mediaType: string, what: string): Index {
  const manifests = readList(document.manifests, what, 'manifests').map((item, i) =>
    readDescriptor(item, `${what}, entry ${i + 1}`),
  );
  return { kind: 'index', mediaType, manifests };
}

/** A descriptor with every field that we use checked. */
export function readDescriptor(value: unknown, what: string): Descriptor {
  const { mediaType, digest, size, annotations, platform } = asObject(value, what);
  if (typeof mediaType !== 'string' || mediaType === '') throw malformed(what, 'it has no mediaType');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw malformed(what, `size is ${JSON.stringify(size)}, not a number of bytes`);
  }
  const descriptor: Descriptor = { mediaType, digest: parseDigest(digest, what), size };
  if (annotations !== undefined && annotations !== null) {
    descriptor.annotations = readAnnotations(annotations, what);
  }
  if (platform !== undefined && platform !== null) descriptor.platform = readPlatform(platform, what);
  return descriptor;
}

/** What is no text is left out. Copied only then: an index may have thousands of entries. */
function readAnnotations(value: unknown, what: string): Record<string, string> {
  const found = asObject(value, `${what}, annotations`);
  if (Object.values(found).every(value => typeof value === 'string')) return found as Record<string, string>;
  return Object.fromEntries(Object.entries(found).filter((e): e is [string, string] => typeof e[1] === 'string'));
}

function readPlatform(value: unknown, what: string): Platform {
  const { os, architecture, variant } = asObject(value, `${what}, platform`);
  if (typeof os !== 'string' || typeof architecture !== 'string') {
    throw malformed(what, 'its platform names no os and architecture');
  }
  return { os, architecture, ...(typeof variant === 'string' && variant !== '' ? { variant } : {}) };
}

function readList(value: unknown, what: string, field: string): unknown[] {
  if (!Array.isArray(value)) throw malformed(what, `${field} is no list`);
  return value;
}

function asObject(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(what, 'it is no JSON object');
  return value as Json;
}

/** JSON that must be an object; an HTML page says so, because that is what a web server in place of a registry sends. */
export function parseObject(content: Uint8Array | string, what: string): Json {
  const text = withoutMark(typeof content === 'string' ? content : Buffer.from(content).toString());
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw malformed(what, /^\s*</.test(text) ? 'it is HTML, not JSON' : 'it is not valid JSON', { cause: error });
  }
  return asObject(value, what);
}

/** A byte order mark says nothing in UTF-8 (RFC 8259, section 8.1). */
const withoutMark = (text: string) => (text.startsWith('\ufeff') ? text.slice(1) : text);

function malformed(what: string, reason: string, options: { fix?: string; cause?: unknown } = {}): MinidockError {
  return new MinidockError('malformed-image', `malformed ${what}: ${reason}`, options);
}
