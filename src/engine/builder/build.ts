import { build } from '../../build/build.ts';
import type { BuildEvent } from '../../build/events.ts';
import type { ImageRequest } from '../../build/host.ts';
import { nothingIgnored, readIgnore } from '../../build/ignore.ts';
import { parseDockerfile } from '../../dockerfile/parse.ts';
import { MinidockError } from '../../errors.ts';
import { type ImageRecord, ImageStore } from '../../image/store.ts';
import { fits } from '../../oci/platform.ts';
import { familiar, imageName, parseReference } from '../../oci/reference.ts';
import { Scope } from '../../storage/scope/scope.ts';
import type { EngineAccess } from '../access.ts';
import type { BuildOptions, BuiltImage } from '../nouns/builder.ts';
import type { Containers } from '../nouns/containers.ts';
import type { Images } from '../nouns/images.ts';
import { beginBuild } from './leftovers.ts';

export async function buildImage(
  access: EngineAccess,
  nouns: { containers: Containers; images: Images },
  options: BuildOptions,
  tell: (event: BuildEvent) => void,
): Promise<BuiltImage> {
  const names = options.tags.map(tag => familiar(imageName(tag)));
  const dockerfile = parseDockerfile(options.dockerfile.name, options.dockerfile.content);
  const store = new ImageStore(access.roots.root);
  store.layout.create();
  const scope = options.context === undefined ? undefined : new Scope(options.context);
  const work = await beginBuild(access.roots, nouns.containers);
  try {
    const { dockerfile: _, context: directory, limits, keepContainers = false, ...given } = options;
    const { image, unused } = await build(
      store,
      {
        ...given,
        dockerfile,
        ...(scope && { context: { scope, directory: directory! } }),
        ignore: options.ignore === undefined ? nothingIgnored : readIgnore(options.ignore),
        args: new Map(Object.entries(options.args)),
        folders: work,
      },
      {
        image: (reference, wanted) => findImage(store, nouns.images, reference, wanted, options),
        run: async request => {
          const { runStep } = await import('./run-step.ts');
          const step = { work, keeps: keepContainers, ...(limits && { limits }) };
          return await runStep(await access.context(), nouns.containers, request, step);
        },
      },
      tell,
    );
    for (const name of names) await nouns.images.tag(image.id, name);
    return { id: image.id, names, unused };
  } finally {
    scope?.close();
    work.end();
  }
}

async function findImage(
  store: ImageStore,
  images: Images,
  reference: string,
  { platform, pull, onPull }: ImageRequest,
  { credentials, abort }: BuildOptions,
): Promise<ImageRecord> {
  const found = pull ? undefined : store.find(reference);
  if (found !== undefined && (platform === undefined || fits(found, platform))) return found;
  const { domain } = parseReference(reference);
  await images.pull(reference, {
    onProgress: onPull,
    ...(platform && { platform }),
    ...(credentials && { credentials: credentials[domain] ?? 'none' }),
    ...(abort && { abort }),
  });
  const pulled = store.find(reference);
  if (pulled !== undefined) return pulled;
  throw new MinidockError('no-such-image', `No such image: ${reference}`);
}
