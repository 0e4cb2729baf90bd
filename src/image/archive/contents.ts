import type { ArchivedImage } from './archived-image.ts';
import { readDockerArchive } from './docker-archive.ts';
import { corruptArchive, hostileArchive } from './failure.ts';
import type { Members } from './members.ts';
import { readOciArchive } from './oci-archive.ts';

/**
 * The images of an archive: Docker's (`manifest.json`), an OCI image layout (`oci-layout`, `index.json`) or, as Docker has
 * written since version 25, both in one. Then both must show the same images: an archive that shows other images to other
 * readers is refused (as CVE-2021-41190 has it for manifests).
 */
export function readContents(members: Members): ArchivedImage[] {
  const oci = members.has('index.json') && members.has('oci-layout') ? readOciArchive(members) : undefined;
  const docker = members.has('manifest.json') ? readDockerArchive(members) : undefined;
  const images = docker === undefined ? oci : oci === undefined ? docker : combine(docker, oci);
  if (images === undefined) {
    throw corruptArchive('it holds neither manifest.json nor index.json with oci-layout, so it is no image archive');
  }
  if (images.length === 0) throw corruptArchive('it holds no image');
  return images;
}

/** Names are Docker's, manifests the OCI's. */
function combine(docker: ArchivedImage[], oci: ArchivedImage[]): ArchivedImage[] {
  const others = new Map(oci.map(image => [image.config.digest, image]));
  const combined = docker.map(image => {
    const other = others.get(image.config.digest);
    const layers = (one: ArchivedImage) => one.layers.map(({ digest }) => digest).join();
    if (other === undefined || layers(other) !== layers(image)) throw ambiguous(image);
    return { ...image, manifest: other.manifest };
  });
  const named = new Set(docker.map(({ config }) => config.digest));
  for (const image of oci) if (!named.has(image.config.digest)) throw ambiguous(image);
  return combined;
}

function ambiguous({ config }: ArchivedImage) {
  return hostileArchive(`its manifest.json and its index.json show different images (${config.digest})`);
}
