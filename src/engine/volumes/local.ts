import type { EngineAccess } from '../access.ts';
import type { PrunedVolumes, Volumes } from '../nouns/volumes.ts';

export class LocalVolumes implements Volumes {
  constructor(private readonly access: EngineAccess) {}

  async prune({ labels = [] }: { labels?: readonly string[] } = {}): Promise<PrunedVolumes> {
    // Volumes have no labels yet.
    if (labels.length > 0) return { names: [], bytes: 0 };
    const { pruneVolumes } = await import('./prune.ts');
    return await pruneVolumes(await this.access.context());
  }
}
