import type { BuildEvent } from '../../build/events.ts';
import type { EngineAccess } from '../access.ts';
import type {
  Builder,
  BuildOptions,
  BuildPruneOptions,
  BuiltImage,
  ExportForm,
  PrunedBuilds,
} from '../nouns/builder.ts';
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
    return await buildImage(this.access, { containers: this.containers, images: this.images }, options, tell);
  }

  async *export(image: string, form: ExportForm): AsyncGenerator<Buffer> {
    const [{ exportImage }, { ImageStore }] = await Promise.all([
      import('./export.ts'),
      import('../../image/store.ts'),
    ]);
    yield* exportImage(new ImageStore(this.access.roots.root), image, form);
  }

  async prune(options: BuildPruneOptions): Promise<PrunedBuilds> {
    const { pruneBuilds } = await import('./prune.ts');
    const { tellPruned } = await import('../system/pruned.ts');
    const pruned = await pruneBuilds(this.access.roots, { containers: this.containers, images: this.images }, options);
    tellPruned(this.access.roots, 'builder', pruned.bytes);
    return pruned;
  }
}
