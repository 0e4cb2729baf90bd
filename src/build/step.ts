import type { Instruction } from '../dockerfile/instructions.ts';
import { deriveImage } from '../image/commit/derive.ts';
import { defaultShell } from '../image/config/configure.ts';
import type { ImageRecord } from '../image/store.ts';
import type { ContainerConfig } from '../oci/image-config.ts';
import { keyOf } from './cache.ts';
import { whatChanged } from './explain.ts';
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
  /** Of COPY and ADD: a digest of each file. */
  readonly files?: Readonly<Record<string, string>>;
  /** Makes the image by `derive`, which takes the layer; without it there is no layer. */
  readonly make?: (derive: Derive) => Promise<ImageRecord>;
}

export type Derive = (layer?: () => AsyncIterable<Buffer>, container?: string) => Promise<ImageRecord>;

/** The image of a step: out of the cache, or made anew and kept there. */
export async function takeStep(
  { store, cache, noCache, tell, platform, epoch }: Shared,
  stage: number,
  { image: parent, config, author }: Below,
  { statement }: Instruction,
  { said, ran = false, key: parts, files, make = derive => derive() }: Step,
): Promise<ImageRecord> {
  const below = parent?.id ?? 'scratch';
  const instruction = `${statement.keyword.toUpperCase()} ${statement.text}`;
  const key = keyOf([below, platform, epoch, author, ...parts]);
  const found = noCache ? undefined : cache.find(key);
  const cached = found && store.find(found.image);
  if (cached !== undefined) {
    tell({ stage, kind: 'cached' });
    return cached;
  }
  const reason = files && whatChanged(cache.before(below, instruction)?.files, files);
  if (reason !== undefined) tell({ stage, kind: 'missed', reason });
  const image = await make((layer, container) => {
    const created = new Date(epoch === undefined ? Date.now() : epoch * 1000).toISOString();
    const history = {
      ...(author !== undefined && { author }),
      created_by: ran ? said : `${(config.Shell ?? defaultShell).join(' ')} #(nop) ${said}`,
    };
    const derivation = { parent, platform, config, created, history, ...(layer && { layer }) };
    return deriveImage(store, container === undefined ? derivation : { ...derivation, container }, 'building an image');
  });
  cache.keep(key, below, { image: image.id, instruction, ...(files && { files }) });
  return image;
}
