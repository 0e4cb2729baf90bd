import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached, type ImageFiles, recipe } from '../scripts/images/cache.ts';
import { writeLayout } from '../scripts/images/layout.ts';

const totalFiles = 8000;
const totalBytes = 150e6;
const folders = 200;

/**
 * An image to be pulled: 8,000 files, 150 MB, in so many layers. Sizes spread as those of a system's files do (many small
 * ones, a few of some megabytes), and the content shrinks to about a third. The same on every machine.
 */
export async function layersImage(layers: number): Promise<Pick<ImageFiles, 'layout' | 'tag'>> {
  const build = async (root: string) => {
    const random = generator(layers);
    const words = Array.from({ length: 4096 }, () => word(random));
    const files = totalFiles / layers;
    const plan = Array.from({ length: layers }, (_, i) => ({
      folder: join(root, `tree-${i}`),
      createdBy: `layer ${i}`,
    }));
    for (const { folder } of plan) {
      const weights = Array.from({ length: files }, () => random() ** -0.8);
      const sum = weights.reduce((a, b) => a + b, 0);
      for (const [i, weight] of weights.entries()) {
        const directory = join(folder, `${folder.slice(-1)}-${i % folders}`);
        mkdirSync(directory, { recursive: true });
        const size = Math.round((weight / sum) * (totalBytes / layers));
        writeFileSync(join(directory, `file-${i}`), text(size, words, random));
      }
    }
    await writeLayout(join(root, 'oci'), { tag: 'latest', layers: plan, config: { Cmd: ['true'] } });
    for (const { folder } of plan) rmSync(folder, { recursive: true });
  };
  const built = await cached(`layers-${layers}`, [recipe(import.meta.url), String(layers)], build, []);
  return { layout: join(built, 'oci'), tag: 'latest' };
}

function text(size: number, words: readonly string[], random: () => number): string {
  const parts: string[] = [];
  for (let length = 0; length < size; length += parts.at(-1)!.length) parts.push(words[Math.floor(random() * 4096)]!);
  return parts.join('').slice(0, size);
}

function word(random: () => number): string {
  return `${Math.floor(random() * 36 ** (2 + random() * 6)).toString(36)} `;
}

/** Marsaglia's xorshift32: random enough for this, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
