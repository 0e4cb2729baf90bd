import type { Instruction } from '../dockerfile/instructions.ts';
import { defaultShell } from '../image/config/configure.ts';
import type { ImageRecord } from '../image/store.ts';
import type { Digest } from '../oci/digest.ts';
import type { ContainerConfig } from '../oci/image-config.ts';
import { chainIds, layerDirectory } from '../storage/chain.ts';
import { type CacheEntry, keyOf } from './cache.ts';
import type { Shared } from './shared.ts';

/** An image that a stage has come to, as far as its next step asks. */
export interface StepImage {
  readonly id: Digest;
  /** Directories, bottom first. */
  readonly layers: readonly string[];
}

/** What a stage has come to before a step. */
export interface Below {
  readonly image: StepImage | undefined;
  /** The config of the image to be made. */
  readonly config: ContainerConfig;
  readonly author: string | undefined;
}

/** One step: what it is known by, and how it makes the next image. */
export interface Step {
  /** For `history`, in Docker's words. */
  readonly said: string;
  /** A command that ran: the history says it as it is. */
  readonly ran?: boolean;
  /** All that the result depends on, beside the image below. */
  readonly key: readonly unknown[];
  /** What the result depends on, by name, for `--explain`: digests of files, of build arguments. */
  readonly inputs?: () => Readonly<Record<string, string>> | undefined;
  /** Makes the image by `derive`, which takes the layer; without it there is no layer. */
  readonly make?: (derive: Derive) => Promise<ImageRecord>;
}

export type Derive = (layer?: () => AsyncIterable<Buffer>, container?: string) => Promise<ImageRecord>;

/** The image of a step: out of the cache, or made anew and kept there. */
export async function takeStep(
  shared: Shared,
  stage: number,
  { image: below, config, author }: Below,
  { statement }: Instruction,
  { said, ran = false, key: parts, inputs = () => undefined, make = derive => derive() }: Step,
): Promise<StepImage> {
  const { store, cache, noCache, tell, platform, epoch, fresh, sources } = shared;
  const under = below?.id ?? 'scratch';
  const instruction = `${statement.keyword.toUpperCase()} ${statement.text}`;
  const key = keyOf([under, platform, epoch, author, ...parts]);
  const found = noCache ? undefined : cache.find(key);
  const createdBy = ran ? said : `${(config.Shell ?? defaultShell).join(' ')} #(nop) ${said}`;
  const cached = (found && kept(found)) ?? (await remembered());
  if (cached !== undefined) {
    tell({ stage, kind: 'cached' });
    await explain(cached);
    return cached;
  }
  if (shared.explains) tell({ stage, kind: 'missed', reason: await reason() });
  const { deriveImage } = await import('../image/commit/derive.ts');
  const parent = below && store.get(below.id);
  const image = await make((layer, container) => {
    const created = new Date(epoch === undefined ? Date.now() : epoch * 1000).toISOString();
    const history = {
      ...(author !== undefined && { author }),
      created_by: createdBy,
    };
    const derivation = { parent, platform, config, created, history, ...(layer && { layer }) };
    // The id of a container is another at each build.
    const from = container === undefined || epoch !== undefined ? {} : { container };
    return deriveImage(store, { ...derivation, ...from }, 'building an image');
  });
  const layer = image.layers.length > (below?.layers.length ?? 0) ? chainIds(image.diffIds).at(-1) : undefined;
  const known = inputs();
  cache.keep(key, under, { image: image.id, ...(layer && { layer }), instruction, ...(known && { inputs: known }) });
  fresh.add(image.id);
  await explain(image);
  return image;

  /** Where the image is still here. Its config is not read for that. */
  function kept({ image: id, layer }: CacheEntry): StepImage | undefined {
    if (!store.has(id) || sources?.has(id) === false) return undefined;
    const layers = below?.layers ?? [];
    return { id, layers: layer === undefined ? layers : [...layers, layerDirectory(store.root, layer)] };
  }

  /** A step of the history of an image of `--cache-from`, made here from its layer. */
  async function remembered(): Promise<ImageRecord | undefined> {
    if (noCache || sources === undefined) return undefined;
    const parent = below && store.get(below.id);
    const step = sources.find(parent, createdBy);
    if (step === undefined) return undefined;
    const { history, layer } = step;
    const { created = new Date(0).toISOString() } = history;
    const { deriveImage } = await import('../image/commit/derive.ts');
    const derivation = { parent, platform, config, created, history, ...(layer && { reused: layer }) };
    return await deriveImage(store, derivation, 'building an image');
  }

  async function reason(): Promise<string> {
    if (noCache) return '--no-cache';
    if (below !== undefined && fresh.has(below.id)) return 'the step before it was made anew';
    if (sources !== undefined) return 'no image of --cache-from has it';
    if (found !== undefined) return 'the image that it made was removed';
    const { whatChanged } = await import('./explain.ts');
    const before = cache.before(under, instruction)?.inputs;
    return whatChanged(before, inputs() ?? {}) ?? 'this was not built on this image before';
  }

  async function explain({ id, layers }: StepImage): Promise<void> {
    if (!shared.explains) return;
    const { layerName, whatLayerDoes } = await import('./explain.ts');
    const path = layers.length > (below?.layers.length ?? 0) ? layers.at(-1)! : undefined;
    const layer = path !== undefined && {
      name: layerName(path),
      bytes: store.get(id).size - (below === undefined ? 0 : store.get(below.id).size),
      does: whatLayerDoes(path, below?.layers ?? []),
    };
    tell({ stage, kind: 'made', key: key.slice(0, 12), ...(layer && { layer }) });
  }
}
