import type { Digest } from '../oci/digest.ts';
import { ownManifest } from '../oci/forms.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import type { Descriptor, Platform } from '../oci/manifest.ts';
import type { Reference } from '../oci/reference.ts';
import { unpackedSize } from '../storage/layers.ts';
import type { ImageRecord, ImageStore } from './store.ts';

/** Writes config and manifest for layers that are stored and unpacked, and enters the image. */
export async function addImage(
  store: ImageStore,
  image: ImageConfig,
  layers: readonly Descriptor[],
  name: Reference | undefined,
  parent?: Digest,
): Promise<ImageRecord> {
  const config = Buffer.from(JSON.stringify(image));
  const id = store.layout.write(config);
  const { mediaType, content } = ownManifest({ digest: id, size: config.length }, layers);
  const digest = store.layout.write(content);
  const { os, architecture, variant } = image;
  const platform: Platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  const diffIds = image.rootfs.diff_ids;
  return store.add({
    manifest: { mediaType, digest, size: content.length, platform },
    id,
    size: unpackedSize(store.root, diffIds),
    name,
    ...(parent !== undefined && { parent }),
  });
}
