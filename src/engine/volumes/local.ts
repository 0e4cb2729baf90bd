import type { EngineAccess } from '../access.ts';
import type { PrunedVolumes, Volume, VolumeCreation, VolumePruneFilter, Volumes } from '../nouns/volumes.ts';

/** The volumes under an engine's root. */
export class LocalVolumes implements Volumes {
  constructor(private readonly access: EngineAccess) {}

  async create(options: VolumeCreation): Promise<Volume> {
    const { createVolume } = await import('./create.ts');
    return await createVolume(await this.access.context(), options);
  }

  async list(): Promise<Volume[]> {
    const { listVolumes } = await import('./list.ts');
    return listVolumes(await this.access.context());
  }

  async inspect(name: string): Promise<Volume> {
    const { findVolume } = await import('./list.ts');
    return findVolume(await this.access.context(), name);
  }

  async remove(name: string, { force }: { force: boolean }): Promise<void> {
    const { removeVolume } = await import('./remove.ts');
    await removeVolume(await this.access.context(), name, { force });
  }

  async prune(filter: VolumePruneFilter = {}): Promise<PrunedVolumes> {
    const { pruneVolumes } = await import('./remove.ts');
    return await pruneVolumes(await this.access.context(), filter);
  }
}
