import type { BuildEvent } from '../../build/events.ts';
import { ImageStore } from '../../image/store.ts';
import type { EngineAccess } from '../access.ts';
import type { Builder, BuildOptions, BuiltImage } from '../nouns/builder.ts';
import type { Containers } from '../nouns/containers.ts';
import type { Images } from '../nouns/images.ts';

export class LocalBuilder implements Builder {
  constructor(
    private readonly access: EngineAccess,
    private readonly containers: Containers,
    private readonly images: Images,
  ) {}

  async build(options: BuildOptions, tell: (event: BuildEvent) => void): Promise<BuiltImage> {
    const { buildImage } = await import('./build.ts');
    return await buildImage(
      await this.access.context(),
      { containers: this.containers, images: this.images },
      options,
      tell,
    );
  }

  async prune(): Promise<number> {
    const { BuildCache } = await import('../../build/cache.ts');
    const { tellPruned } = await import('../system/pruned.ts');
    const count = new BuildCache(new ImageStore(this.access.roots.root).root).clear();
    // The images of its steps are pruned apart.
    tellPruned(this.access.roots, 'builder', 0);
    return count;
  }
}
