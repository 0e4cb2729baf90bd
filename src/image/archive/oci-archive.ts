import { annotationKeys } from '../../oci/annotations.ts';
import { hexOf } from '../../oci/digest.ts';
import { type Descriptor, maxManifestSize, parseManifest, parseObject } from '../../oci/manifest.ts';
import { choosePlatform, hostPlatform } from '../../oci/platform.ts';
import { parseName, type Reference } from '../../oci/reference.ts';
import type { ArchivedImage } from './archived-image.ts';
import { corruptArchive } from './failure.ts';
import type { FileMember, Members } from './members.ts';

/** Each tag of an image is an entry of its own. */
const maxIndexSize = 16 << 20;

/** An OCI image layout in a tar (image-spec image-layout.md), as skopeo, podman and buildx write it. */
export function readOciArchive(members: Members): ArchivedImage[] {
  const { imageLayoutVersion } = parseObject(members.read('oci-layout', 4096), 'oci-layout of the archive');
  if (typeof imageLayoutVersion !== 'string' || !imageLayoutVersion.startsWith('1.')) {
    throw corruptArchive(`its layout has the version ${JSON.stringify(imageLayoutVersion)}, not 1.0.0`);
  }
  const index = parseManifest(members.read('index.json', maxIndexSize), undefined, 'index.json of the archive');
  if (index.kind !== 'index') throw corruptArchive('its index.json is no index');
  const images = new Map<string, ArchivedImage>();
  const known = new Map<string, ArchivedImage>();
  for (const entry of index.manifests) {
    const key = `${entry.mediaType} ${entry.digest}`;
    const read = known.get(key) ?? readEntry(members, entry);
    const image = images.get(read.config.digest) ?? read;
    known.set(key, image);
    images.set(image.config.digest, image);
    image.names.push(...namesOf(entry));
  }
  return [...images.values()];
}

/** An image, its names left out, or an index of one for several platforms, of which this machine's is taken. */
function readEntry(members: Members, entry: Descriptor): ArchivedImage {
  const what = `manifest ${entry.digest}`;
  let descriptor = entry;
  let document = parseManifest(blob(members, entry, maxManifestSize), entry.mediaType, what);
  if (document.kind === 'index') {
    descriptor = choosePlatform(document, hostPlatform(), 'the archive');
    document = parseManifest(blob(members, descriptor, maxManifestSize), descriptor.mediaType, what);
    if (document.kind === 'index') throw corruptArchive('an index in it names an index as an image');
  }
  return {
    config: blobFile(members, document.config),
    layers: document.layers.map(layer => blobFile(members, layer)),
    names: [],
    manifest: { mediaType: document.mediaType, content: blob(members, descriptor, maxManifestSize) },
  };
}

function blob(members: Members, descriptor: Descriptor, maxSize: number): Buffer {
  return members.read(blobFile(members, descriptor).name, maxSize);
}

function blobFile(members: Members, { digest, size }: Descriptor): FileMember {
  const file = members.file(`blobs/sha256/${hexOf(digest)}`);
  if (file.digest !== digest) throw corruptArchive(`its blob ${digest} has the digest ${file.digest}`);
  if (file.size !== size) throw corruptArchive(`its blob ${digest} has ${file.size} bytes and should have ${size}`);
  return file;
}

/** The whole name as containerd and Docker say it, or the reference name; that may be a bare tag, which names nothing. */
function namesOf({ annotations = {} }: Descriptor): Reference[] {
  const text = annotations[annotationKeys.containerdName] ?? annotations[annotationKeys.name];
  if (text === undefined || !/[:/]/.test(text)) return [];
  const { domain, path, tag = 'latest' } = parseName(text);
  return [{ domain, path, tag }];
}
