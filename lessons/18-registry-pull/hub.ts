import { createHash } from 'node:crypto';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Layout } from '../../src/image/layout.ts';
import { annotationKeys } from '../../src/oci/annotations.ts';
import type { Descriptor, Platform } from '../../src/oci/manifest.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { hostPlatform } from '../../src/oci/platform.ts';
import { configOf, digestOf, tarOf } from '../17-image-format/image.ts';

/** What the lesson's registry has: `library/hello:latest`, for two platforms, and an image that nobody asked for. */
export interface Hub {
  readonly layout: Layout;
  readonly index: Descriptor;
  /** For this machine, and for another one. */
  readonly ours: Image;
  readonly theirs: Image;
  readonly forged: Image;
}

export interface Image {
  readonly platform: Platform;
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  /** A small layer, and one of a quarter of a megabyte. */
  readonly layers: readonly [Descriptor, Descriptor];
}

export const repository = 'library/hello';

/** Writes the registry's image layout. */
export async function makeHub(scratch: string): Promise<Hub> {
  const layout = new Layout(path.join(scratch, 'hub'));
  const store = (mediaType: string, content: Buffer): Descriptor => ({
    mediaType,
    digest: layout.write(content),
    size: content.length,
  });
  const document = (mediaType: string, value: object) =>
    store(mediaType, Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...value })));
  const big = tarOf({ 'data/': '', 'data/noise': noise() });
  const image = (platform: Platform, motd: string): Image => {
    const tars = [tarOf({ 'etc/': '', 'etc/motd': motd }), big] as const;
    const layers = tars.map(tar => store(mediaTypes.ociLayerGzip, gzipSync(tar))) as [Descriptor, Descriptor];
    const config = store(mediaTypes.ociConfig, Buffer.from(JSON.stringify(configOf(tars.map(digestOf), platform))));
    return { platform, layers, config, manifest: document(mediaTypes.ociManifest, { config, layers }) };
  };
  const here = hostPlatform();
  const elsewhere = { ...here, architecture: here.architecture === 'arm64' ? 'amd64' : 'arm64' };
  const [ours, theirs] = [here, elsewhere].map(platform =>
    image(platform, `hello from ${platform.architecture}\n`),
  ) as [Image, Image];
  const forged = image(here, 'forged\n');
  const index = document(mediaTypes.ociIndex, {
    manifests: [theirs, ours].map(({ manifest, platform }) => ({ ...manifest, platform })),
  });
  const name = `docker.io/${repository}:latest`;
  await layout.update(() => [{ ...index, annotations: { [annotationKeys.name]: name } }]);
  return { layout, index, ours, theirs, forged };
}

/** A quarter of a megabyte that no gzip makes smaller, the same each time. */
function noise(): Buffer {
  const parts: Buffer[] = [];
  for (let i = 0; i < 8192; i++) parts.push(createHash('sha256').update(`${i}`).digest());
  return Buffer.concat(parts);
}
