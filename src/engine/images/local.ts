import type { Readable } from 'node:stream';
import type { LoadEvent } from '../../image/archive/load.ts';
import type { HistoryLine } from '../../image/history.ts';
import type { Pruned } from '../../image/prune.ts';
import type { ImageUse, Removal, RemovedImages } from '../../image/remove.ts';
import type { ImageRecord, ImageStore } from '../../image/store.ts';
import type { RegistrySettings } from '../../registry/daemon-config.ts';
import type { PullResult } from '../../registry/pull.ts';
import type { Pushed } from '../../registry/push/push.ts';
import type { Found } from '../../registry/search.ts';
import type { Roots } from '../../state/paths.ts';
import type { Containers } from '../nouns/containers.ts';
import type {
  Images,
  ImportOptions,
  PruneFilter,
  PullOptions,
  PushOptions,
  SearchOptions,
  Write,
} from '../nouns/images.ts';
import { tellImage } from './events.ts';

/** The images under an engine's root. Their store, registries and archives are loaded when they are asked for. */
export class LocalImages implements Images {
  #opened: ImageStore | undefined;

  constructor(
    private readonly roots: Roots,
    private readonly containers: Pick<Containers, 'list'>,
    private readonly registries: RegistrySettings,
  ) {}

  async list(): Promise<ImageRecord[]> {
    return (await this.#store()).list();
  }

  async inspect(reference: string): Promise<ImageRecord> {
    return (await this.#store()).get(reference);
  }

  async history(reference: string): Promise<HistoryLine[]> {
    const { historyOf } = await import('../../image/history.ts');
    const store = await this.#store();
    return historyOf(store, store.get(reference));
  }

  async tag(source: string, target: string): Promise<void> {
    const store = await this.#store();
    await store.tag(source, target);
    await this.#tellTag(store.get(target), target);
  }

  async remove(references: readonly string[], options: { force: boolean; prune: boolean }): Promise<RemovedImages> {
    const { removeImages } = await import('../../image/remove.ts');
    const store = await this.#store();
    const before = store.list(() => {});
    const removed = await removeImages(store, references, { ...options, uses: await this.uses() });
    for (const outcome of removed.outcomes) if (Array.isArray(outcome)) this.#tellRemoved(outcome, before);
    return removed;
  }

  async prune({ all, until = [], labels = [], withoutLabels = [] }: PruneFilter): Promise<Pruned> {
    const { pruneImages } = await import('../../image/prune.ts');
    const { hasLabels } = await import('../../image/match.ts');
    const { tellPruned } = await import('../system/pruned.ts');
    const store = await this.#store();
    const before = store.list(() => {});
    const pruned = await pruneImages(store, {
      all,
      uses: await this.uses(),
      matches: image =>
        until.every(time => Date.parse(image.created) <= time) &&
        hasLabels(image, labels) &&
        !withoutLabels.some(label => hasLabels(image, [label])),
    });
    this.#tellRemoved(pruned.lines, before);
    tellPruned(this.roots, 'image', pruned.bytes);
    return pruned;
  }

  async pull(reference: string, { allTags = false, abort, ...options }: PullOptions): Promise<PullResult[]> {
    const { pull, pullAll } = await import('../../registry/pull.ts');
    const all = { root: this.roots.root, ...this.registries, ...options, signal: abort };
    const results = allTags ? await pullAll(reference, all) : [await pull(reference, all)];
    await this.#tellTransfer('pull', reference);
    return results;
  }

  async push(reference: string, { abort, ...options }: PushOptions): Promise<Pushed[]> {
    const { push } = await import('../../registry/push/push.ts');
    const all = { root: this.roots.root, ...this.registries, ...options, signal: abort };
    const pushed = await push(reference, all);
    await this.#tellTransfer('push', reference);
    return pushed;
  }

  async save(references: readonly string[], write: Write, abort?: AbortSignal): Promise<void> {
    const { saveImages } = await import('../../image/archive/save.ts');
    const store = await this.#store();
    await saveImages(store, references, write, abort);
    for (const image of new Set(references.flatMap(name => store.find(name) ?? [])))
      tellImage(this.roots, 'save', image);
  }

  async load(source: string | Readable, { onProgress, abort }: Parameters<Images['load']>[1]): Promise<void> {
    const { loadImages } = await import('../../image/archive/load.ts');
    const store = await this.#store();
    // An image may come with thousands of names, and is told of with each.
    const known = new Map<string, ImageRecord | undefined>();
    const told = (event: LoadEvent) => {
      if (event.kind === 'loaded') {
        if (!known.has(event.id)) known.set(event.id, store.find(event.id));
        tellImage(this.roots, 'load', known.get(event.id) ?? event);
      }
      onProgress(event);
    };
    await loadImages({ root: this.roots.root, source, onProgress: told, signal: abort });
  }

  async import(source: string | Readable, { abort, ...options }: ImportOptions): Promise<ImageRecord> {
    const { importImage } = await import('../../image/import.ts');
    const image = await importImage({ root: this.roots.root, source, ...options, signal: abort });
    if (options.reference !== undefined) await this.#tellTag(image, options.reference);
    tellImage(this.roots, 'import', image);
    return image;
  }

  async search(term: string, { abort, ...options }: SearchOptions): Promise<Found[]> {
    const { search } = await import('../../registry/search.ts');
    return await search(term, { ...options, signal: abort, ...this.registries });
  }

  async #store(): Promise<ImageStore> {
    const { ImageStore } = await import('../../image/store.ts');
    this.#opened ??= new ImageStore(this.roots.root);
    return this.#opened;
  }

  async #tellTag(image: ImageRecord, name: string): Promise<void> {
    const { familiar, parseName } = await import('../../oci/reference.ts');
    tellImage(this.roots, 'tag', image, familiar(parseName(name)));
  }

  async #tellTransfer(action: 'pull' | 'push', reference: string): Promise<void> {
    const { familiarName, parseName } = await import('../../oci/reference.ts');
    const { config } = (await this.#store()).find(reference) ?? {};
    tellImage(this.roots, action, { id: reference, config }, familiarName(parseName(reference)));
  }

  /** As in Docker an image that loses a name is called by its id. @param before the images, as they were */
  #tellRemoved(removal: Removal, before: readonly ImageRecord[]): void {
    const named = new Map(
      before.flatMap(image => [...image.repoTags, ...image.repoDigests].map(name => [name as string, image] as const)),
    );
    for (const line of removal)
      if ('untagged' in line) {
        tellImage(this.roots, 'untag', named.get(line.untagged) ?? { id: line.untagged });
        // The lines name layers, too.
      } else if (before.some(({ id }) => id === line.deleted)) tellImage(this.roots, 'delete', { id: line.deleted });
  }

  /** Which container uses which image. Rejects where a record is broken: it may name any image. */
  private async uses(): Promise<ImageUse[]> {
    const { containers, broken } = await this.containers.list({ all: true });
    if (broken[0] !== undefined) {
      const { MinidockError } = await import('../../errors.ts');
      throw new MinidockError('broken-record', broken[0].reason, { fix: broken[0].fix });
    }
    return containers.map(({ id, imageId, state }) => ({
      containerId: id,
      imageId,
      running: state.status === 'running',
    }));
  }
}
