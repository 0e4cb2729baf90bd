import { type ImageRecord, ImageStore } from '../../../image/store.ts';
import { byteString } from '../../../storage/bytes.ts';
import { readFile, resolve } from '../../../storage/merged-view.ts';
import type { Finding } from '../../exercise/types.ts';
import type { Place } from '../types.ts';
import { finding } from './finding.ts';

/** Larger files of an image are none that a task asks for. */
const mostBytes = 64 << 10;

/** An image as the store has it, by name; undefined where there is none. */
export function imageNamed(place: Place, name: string): ImageRecord | undefined {
  return new ImageStore(place.roots.root).find(name);
}

/** The image that a task is about, and the finding that it is there. */
export function stored(place: Place, name: string): { image: ImageRecord | undefined; findings: Finding[] } {
  const image = imageNamed(place, name);
  const found = finding(
    image !== undefined,
    { en: `the store has an image ${name}`, zh: `存储里有镜像 ${name}` },
    { en: 'it has none of this name', zh: '没有叫这个名字的镜像' },
  );
  return { image, findings: [found] };
}

/** A file's text as all layers together show it; undefined where they show none. */
export function textIn({ layers }: Pick<ImageRecord, 'layers'>, path: string): string | undefined {
  const found = readFile(layers, byteString(path), mostBytes);
  return found.kind === 'file' ? found.content.toString() : undefined;
}

/** Whether all layers together show anything at a path. */
export function isShown({ layers }: Pick<ImageRecord, 'layers'>, path: string): boolean {
  return resolve(layers, byteString(path), { followLast: false }).kind !== 'missing';
}

/** Numbers, from 1 at the bottom, of the layers that have something at a path: also of those in which a layer above hides it. */
export function layersWith({ layers }: Pick<ImageRecord, 'layers'>, path: string): number[] {
  return layers.flatMap((layer, i) =>
    resolve([layer], byteString(path), { followLast: false }).kind === 'missing' ? [] : [i + 1],
  );
}

/** Removes the images without a name that begin with one of these layers: a name that was built again has left them behind. */
export async function removeUnnamed(place: Place, lowest: readonly string[]): Promise<void> {
  const tried = new Set<string>();
  for (;;) {
    const all = new ImageStore(place.roots.root).list(() => {});
    const parents = new Set(all.map(({ parent }) => parent));
    const leaves = all
      .filter(({ repoTags, repoDigests }) => repoTags.length === 0 && repoDigests.length === 0)
      .filter(({ id, diffIds }) => !parents.has(id) && !tried.has(id) && lowest.includes(diffIds[0] ?? ''));
    if (leaves.length === 0) return;
    for (const { id } of leaves) tried.add(id);
    await place.minidock('rmi', '-f', ...leaves.map(({ id }) => id));
  }
}
