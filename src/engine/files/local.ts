import type { ContainerRecord } from '../../container/record.ts';
import type { ImageRecord } from '../../image/store.ts';
import type { EngineAccess } from '../access.ts';
import type { Change, CommitOptions, Containers, ExtractOptions, PathStat } from '../nouns/containers.ts';

type Files = Pick<Containers, 'archive' | 'changes' | 'commit' | 'export' | 'extract' | 'statPath'>;

/** What the engine does with the files of a container. */
export abstract class LocalFiles implements Files {
  constructor(protected readonly access: EngineAccess) {}

  abstract find(reference: string): Promise<ContainerRecord>;

  async statPath(
    reference: string,
    path: string,
    { followLink = false }: { followLink?: boolean } = {},
  ): Promise<PathStat> {
    const { statPath } = await import('./copy.ts');
    return await statPath(await this.access.context(), await this.find(reference), path, { followLink });
  }

  async *archive(reference: string, path: string): AsyncGenerator<Buffer> {
    const { archivePath } = await import('./copy.ts');
    yield* archivePath(await this.access.context(), await this.find(reference), path);
  }

  async extract(
    reference: string,
    path: string,
    source: AsyncIterable<Buffer>,
    options: ExtractOptions = {},
  ): Promise<void> {
    const { extractInto } = await import('./copy.ts');
    await extractInto(await this.access.context(), await this.find(reference), path, source, options);
  }

  async *export(reference: string): AsyncGenerator<Buffer> {
    const { exportRoot } = await import('./copy.ts');
    yield* exportRoot(await this.access.context(), await this.find(reference));
  }

  async changes(reference: string): Promise<Change[]> {
    const { changesOf } = await import('./changes.ts');
    return await changesOf(await this.access.context(), await this.find(reference));
  }

  async commit(reference: string, options: CommitOptions = {}): Promise<ImageRecord> {
    const { commitContainer } = await import('./commit.ts');
    return await commitContainer(await this.access.context(), await this.find(reference), options);
  }
}
