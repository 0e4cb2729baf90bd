import type { Instruction } from '../dockerfile/instructions.ts';
import { deriveImage } from '../image/commit/derive.ts';
import { defaultShell } from '../image/config/configure.ts';
import type { ImageRecord } from '../image/store.ts';
import type { ContainerConfig } from '../oci/image-config.ts';
import { keyOf } from './cache.ts';
import { layerName, whatChanged, whatLayerDoes } from './explain.ts';
import type { Shared } from './shared.ts';

/** What a stage has come to before a step. */
export interface Below {
  readonly image: ImageRecord | undefined;
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
  readonly inputs?: Readonly<Record<string, string>>;
  /** Makes the image by `derive`, which takes the layer; without it there is no layer. */
  readonly make?: (derive: Derive) => Promise<ImageRecord>;
}

export type Derive = (layer?: () => AsyncIterable<Buffer>, container?: string) => Promise<ImageRecord>;

/** The image of a step: out of the cache, or made anew and kept there. */
export async function takeStep(
  shared: Shared,
  stage: number,
  { image: parent, config, author }: Below,
  { statement }: Instruction,
  { said, ran = false, key: parts, inputs, make = derive => derive() }: Step,
): Promise<ImageRecord> {
  const { store, cache, noCache, tell, platform, epoch, fresh } = shared;
  const below = parent?.id ?? 'scratch';
  const instruction = `${statement.keyword.toUpperCase()} ${statement.text}`;
  const key = keyOf([below, platform, epoch, author, ...parts]);
  const found = noCache ? undefined : cache.find(key);
  const createdBy = ran ? said : `${(config.Shell ?? defaultShell).join(' ')} #(nop) ${said}`;
  const cached = (found && inSources(store.find(found.image))) ?? (await remembered());
  if (cached !== undefined) {
    tell({ stage, kind: 'cached' });
    explain(cached);
    return cached;
  }
  if (shared.explains) tell({ stage, kind: 'missed', reason: reason() });
  const image = await make((layer, container) => {
    const created = new Date(epoch === undefined ? Date.now() : epoch * 1000).toISOString();
    const history = {
      ...(author !== undefined && { author }),
      created_by: createdBy,
    };
    const derivation = { parent, platform, config, created, history, ...(layer && { layer }) };
    return deriveImage(store, container === undefined ? derivation : { ...derivation, container }, 'building an image');
  });
  cache.keep(key, below, { image: image.id, instruction, ...(inputs && { inputs }) });
  fresh.add(image.id);
  explain(image);
  return image;

  function inSources(image: ImageRecord | undefined): ImageRecord | undefined {
    return image === undefined || shared.sources?.has(image) === false ? undefined : image;
  }

  /** A step of the history of an image of `--cache-from`, made here from its layer. */
  async function remembered(): Promise<ImageRecord | undefined> {
    const step = noCache ? undefined : shared.sources?.find(parent, createdBy);
    if (step === undefined) return undefined;
    const { history, layer } = step;
    const { created = new Date(0).toISOString() } = history;
    const derivation = { parent, platform, config, created, history, ...(layer && { reused: layer }) };
    return await deriveImage(store, derivation, 'building an image');
  }

  function reason(): string {
    if (noCache) return '--no-cache';
    if (parent !== undefined && fresh.has(parent.id)) return 'the step before it was made anew';
    if (shared.sources !== undefined) return 'no image of --cache-from has it';
    if (found !== undefined) return 'the image that it made was removed';
    const before = cache.before(below, instruction)?.inputs;
    return whatChanged(before, inputs ?? {}) ?? 'this was not built on this image before';
  }

  function explain(image: ImageRecord): void {
    if (!shared.explains) return;
    const path = image.layers.length > (parent?.layers.length ?? 0) ? image.layers.at(-1)! : undefined;
    const layer = path !== undefined && {
      name: layerName(path),
      bytes: image.size - (parent?.size ?? 0),
      does: whatLayerDoes(path, parent?.layers ?? []),
    };
    tell({ stage, kind: 'made', key: key.slice(0, 12), ...(layer && { layer }) });
  }
}
