import { type ContainerRecord, isUp } from '../../../container/record.ts';
import type { Engine } from '../../../engine/engine.ts';
import type { ContainerList } from '../../../engine/nouns/containers.ts';
import { MinidockError } from '../../../errors.ts';
import { madeFrom } from '../../../image/ancestry.ts';
import { between, containerFilter } from './filters.ts';

/** Which containers a list is to show. */
export interface Selection {
  /** Also those that do not run. */
  readonly all: boolean;
  /** The n newest, whatever their state; all where it is none or less than one. */
  readonly last?: number;
  readonly size: boolean;
  readonly filters: ReadonlyMap<string, readonly string[]>;
}

/** Those that are meant, newest first. @throws {MinidockError} `invalid-filter`, `no-such-container` of `before` and `since` */
export async function selectContainers(engine: Engine, wanted: Selection): Promise<ContainerList> {
  const { filters, last = -1, size } = wanted;
  const matches = containerFilter(filters, await ancestry(engine, filters.get('ancestor') ?? []));
  const all = wanted.all || last > 0 || filters.has('status');
  const placed = filters.has('before') || filters.has('since');
  // The ones before or after which others were made may have ended.
  const list = await engine.containers.list({ all: all || placed, size });
  const find = async (reference: string) => (await engine.containers.inspect(reference)).record.id;
  const containers = (placed ? await between(list.containers, filters, find) : list.containers).filter(
    record => matches(record) && (all || !placed || isUp(record)),
  );
  return { ...list, containers: last > 0 ? containers.slice(0, last) : containers };
}

/** Reads the images only where the filter asks for them. As in Docker a name that means no image holds for no container. */
async function ancestry({ images }: Engine, references: readonly string[]) {
  if (references.length === 0) return () => false;
  const all = await images.list();
  const tests = new Map<string, ReturnType<typeof madeFrom>>();
  for (const reference of references) {
    const image = await images.inspect(reference).catch(unlessNone);
    if (image !== undefined) tests.set(reference, madeFrom(image, all));
  }
  return (record: ContainerRecord, reference: string) => tests.get(reference)?.(record) === true;
}

function unlessNone(error: unknown): undefined {
  const none = ['no-such-image', 'invalid-reference', 'ambiguous-image'];
  if (!(error instanceof MinidockError && none.includes(error.code))) throw error;
}
