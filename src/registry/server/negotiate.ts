import type { Layout } from '../../image/layout.ts';
import type { Digest } from '../../oci/digest.ts';
import { type Index, type Manifest, maxManifestSize, parseManifest } from '../../oci/manifest.ts';
import { mediaTypes } from '../../oci/media-types.ts';
import { findPlatform, hostPlatform } from '../../oci/platform.ts';
import { dockerForm } from '../form.ts';
import { Refusal } from './replies.ts';

/** A document and what identifies it. */
export interface Served {
  mediaType: string;
  digest: Digest;
  content: Buffer;
}

/**
 * What a client gets of a manifest, by what it accepts, as from docker-registry 2.8: of the OCI's documents those that it
 * names, else 404, for a client that does not know them would misread them. A client that knows Docker's manifests alone gets, if
 * it asks by tag, what was made here in Docker's form, and of one of Docker's lists the image for this machine. Everything
 * else is sent as it is.
 *
 * Unlike docker-registry's, a request without Accept, or with a wildcard in it, takes everything (RFC 9110, 12.5.1); and no
 * document is translated to schema 1.
 */
export function negotiate(
  layout: Layout,
  digest: Digest,
  { accept, byTag }: { accept: string | undefined; byTag: boolean },
): Served {
  const served = read(layout, digest);
  const { document, ...found } = served;
  if (accepts(accept, found.mediaType)) return found;
  const takesDocker = byTag && accepts(accept, mediaTypes.dockerManifest);
  if (found.mediaType === mediaTypes.ociManifest) {
    const translated = takesDocker ? dockerForm(layout, digest) : undefined;
    if (translated !== undefined) return translated;
    throw unsupported('OCI manifest', 'OCI manifests');
  }
  if (found.mediaType === mediaTypes.ociIndex) throw unsupported('OCI index', 'OCI indexes');
  if (!takesDocker || document.kind !== 'index') return found;
  const image = findPlatform(document, hostPlatform());
  return image !== undefined && layout.has(image.digest) ? read(layout, image.digest) : found;
}

function read(layout: Layout, digest: Digest): Served & { document: Manifest | Index } {
  const content = layout.read(digest, maxManifestSize);
  const document = parseManifest(content, undefined, `blob ${digest}`);
  return { mediaType: document.mediaType, digest, content, document };
}

/** Weights are not compared, but for 0: there is never more than one document to choose from. */
function accepts(header: string | undefined, mediaType: string): boolean {
  if (header === undefined || header.trim() === '') return true;
  return header.split(',').some(range => {
    const [type = '', ...parameters] = range.split(';').map(part => part.trim().toLowerCase());
    const isRefused = parameters.some(parameter => /^q=0(\.0*)?$/.test(parameter));
    return !isRefused && [mediaType, 'application/*', '*/*'].includes(type);
  });
}

function unsupported(found: string, plural: string): Refusal {
  return new Refusal(404, 'MANIFEST_UNKNOWN', `${found} found, but accept header does not support ${plural}`);
}
