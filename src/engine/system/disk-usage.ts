import { writtenBytes } from '../../container/size.ts';
import { ImageStore } from '../../image/store.ts';
import type { Digest } from '../../oci/digest.ts';
import { chainIds } from '../../storage/chain.ts';
import { readLayer } from '../../storage/layers.ts';
import { cacheUsage } from '../builder/cache-usage.ts';
import type { EngineContext } from '../context.ts';
import type { ContainerList } from '../nouns/containers.ts';
import type { DiskUsage } from '../nouns/system.ts';
import { listVolumes } from '../volumes/list.ts';

/** What is on disk. @param list all containers, with their sizes */
export function diskUsage(context: EngineContext, { containers, sizes, networks }: ContainerList): DiskUsage {
  const { root } = context.roots;
  const images = new ImageStore(root).list();
  const users = new Map<Digest, number>();
  const layersOf = new Map(images.map(({ id, diffIds }) => [id, chainIds(diffIds)]));
  for (const layer of [...layersOf.values()].flat()) users.set(layer, (users.get(layer) ?? 0) + 1);
  const bytesOf = new Map([...users.keys()].map(layer => [layer, readLayer(root, layer)?.size ?? 0]));
  const sum = (layers: readonly Digest[]) => layers.reduce((total, layer) => total + bytesOf.get(layer)!, 0);
  return {
    ...(networks && { networks }),
    images: images.map(image => ({
      image,
      sharedBytes: sum(layersOf.get(image.id)!.filter(layer => users.get(layer)! > 1)),
      containers: containers.filter(({ imageId }) => imageId === image.id).length,
    })),
    layerBytes: sum([...users.keys()]),
    containers: containers.map(record => ({
      record,
      bytes: sizes[record.id]?.written ?? 0,
      imageBytes: sizes[record.id]?.image,
    })),
    buildCache: cacheUsage(root, images, new Set(containers.map(({ imageId }) => imageId))),
    volumes: listVolumes(context).map(volume => ({
      volume,
      bytes: writtenBytes(volume.mountpoint),
      links: volume.containers.length,
    })),
  };
}
