import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { tarEnd, tarHeader, tarPadding } from '../../src/image/archive/tar-header.ts';
import { type ImageRecord, ImageStore } from '../../src/image/store.ts';
import { blobPath, type Digest, shortDigest } from '../../src/oci/digest.ts';
import { ownManifest } from '../../src/oci/forms.ts';
import type { Descriptor, Platform } from '../../src/oci/manifest.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { hostPlatform } from '../../src/oci/platform.ts';
import { chainIds, layerDirectory } from '../../src/storage/chain.ts';
import { gzipInto } from '../../src/storage/compression/compress.ts';
import { ensureLayer, readLayer, unpackedSize } from '../../src/storage/layers.ts';

/** Says what was done: `call → result`. The same in every language. */
export type Tell = (line: string) => void;

/** What a file of layer 1 says, which layer 2 deletes. */
const secret = 'password 42\n';

/** An archive of files and directories of root's, made at no time, so that the same members are the same bytes. */
export function tarOf(members: Readonly<Record<string, string | Buffer>>): Buffer {
  const parts = Object.entries(members).flatMap(([name, text]) => {
    const content = Buffer.from(text);
    const type = name.endsWith('/') ? 'directory' : 'file';
    return [tarHeader(name, content.length, type), content, tarPadding(content.length)];
  });
  const written = Buffer.concat(parts);
  return Buffer.concat([written, tarEnd(written.length)]);
}

/** The two layers of the lesson's image, bottom first. */
export const layers = [
  tarOf({ 'etc/': '', 'etc/motd': 'from layer 1\n', 'etc/secret': secret }),
  tarOf({ 'etc/': '', 'etc/motd': 'from layer 2\n', 'etc/.wh.secret': '' }),
] as const;

export type Packing = 'tar' | 'gzip';

/** Name of bytes (OCI image-spec descriptor.md, "Digests"). */
export const digestOf = (content: Buffer): Digest => `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** An image as the engine's store has it, and the parts that it was made of. */
export interface Made {
  readonly root: string;
  readonly blobs: readonly Descriptor[];
  readonly image: ImageRecord;
  /** The manifest as it is written. */
  readonly manifest: Buffer;
}

/** Packs the layers, writes config and manifest, unpacks and enters the image, each by the engine's own function. */
export async function makeImage(
  root: string,
  packing: Packing,
  tars: readonly Buffer[] = layers,
  tell: Tell = () => {},
): Promise<Made> {
  const store = new ImageStore(root);
  const { layout } = store;
  const diffIds: Digest[] = [];
  const blobs: Descriptor[] = [];
  for (const tar of tars) {
    const { content, diffId } = await pack(root, packing, tar);
    const digest = layout.write(content);
    tell(`layout.write(layer ${blobs.length + 1}, ${packing}) → ${shortened(digest)}  ${content.length} B`);
    const mediaType = packing === 'gzip' ? mediaTypes.ociLayerGzip : mediaTypes.ociLayer;
    blobs.push({ mediaType, digest, size: content.length });
    diffIds.push(diffId);
  }
  const chain = chainIds(diffIds);
  for (const [i, chainId] of chain.entries()) {
    const below = () => chain.slice(0, i).map(id => layerDirectory(root, id));
    const blob = blobPath(layout.directory, blobs[i]!.digest);
    await ensureLayer(root, { chainId, diffId: diffIds[i]!, blob, below });
    const name = path.relative(root, path.dirname(layerDirectory(root, chainId)));
    tell(`ensureLayer(layer ${i + 1}) → ${name.replace(/(\/.{12}).*/, '$1…')}  diff ID ${shortened(diffIds[i]!)}`);
  }
  const config = Buffer.from(JSON.stringify(configOf(diffIds)));
  const id = layout.write(config);
  tell(`layout.write(config) → ${shortened(id)}`);
  const { mediaType, content } = ownManifest({ digest: id, size: config.length }, blobs);
  const digest = layout.write(content);
  tell(`layout.write(manifest) → ${shortened(digest)}`);
  const image = await store.add({
    manifest: { mediaType, digest, size: content.length, platform: hostPlatform() },
    id,
    size: unpackedSize(root, diffIds),
    name: { domain: 'docker.io', path: 'library/lesson', tag: packing },
  });
  return { root, blobs, image, manifest: content };
}

async function pack(root: string, packing: Packing, tar: Buffer): Promise<{ content: Buffer; diffId: Digest }> {
  const file = path.join(root, 'packed');
  const { contentDigest } = await gzipInto(file, only(tar));
  const content = packing === 'gzip' ? fs.readFileSync(file) : tar;
  fs.rmSync(file);
  return { content, diffId: contentDigest };
}

async function* only(content: Buffer): AsyncGenerator<Buffer> {
  yield content;
}

/** The least that an image's config says (OCI image-spec config.md). */
export function configOf(diffIds: readonly Digest[], platform: Platform = hostPlatform()) {
  return {
    created: '2023-11-14T22:13:20Z',
    ...platform,
    config: { Cmd: ['sh'] },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: [{ created_by: 'COPY etc /etc' }, { created_by: 'RUN rm /etc/secret' }],
  };
}

/** The image that `makeImage` has left below a root. */
export function madeImage(root: string): ImageRecord {
  return new ImageStore(root).list()[0]!;
}

/** What the engine found when it unpacked each layer. */
export function foundDiffIds(root: string, image: ImageRecord): Digest[] {
  return chainIds(image.diffIds).map(chainId => readLayer(root, chainId)!.diffId);
}

/** `sha256:0123456789ab…` */
export const shortened = (digest: Digest) => `sha256:${shortDigest(digest)}…`;

/** JSON as people read it, its digests cut short; indented by spaces that no wrapping takes away. */
export function readable(document: unknown): string[] {
  return JSON.stringify(document, null, 2)
    .replace(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/g, '$1…')
    .replace(/^ +/gm, indent => '\u00a0'.repeat(indent.length))
    .split('\n');
}
