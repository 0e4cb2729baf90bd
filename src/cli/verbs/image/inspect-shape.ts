import type { ImageRecord } from '../../../image/store.ts';
import { goMap, goSlice } from '../../template/go-values.ts';

/** An image in the shape and with the key names of Docker's API (GET /images/{name}/json). */
export function inspectImage(image: ImageRecord) {
  const { config } = image;
  const [top, ...below] = [...image.layers].reverse();
  return {
    Id: image.id,
    RepoTags: image.repoTags,
    RepoDigests: image.repoDigests,
    Parent: image.parent ?? '',
    Created: image.created,
    Config: {
      User: config.User ?? '',
      ...(config.ExposedPorts === undefined ? {} : { ExposedPorts: goMap(config.ExposedPorts) }),
      Env: goSlice(config.Env),
      Cmd: goSlice(config.Cmd),
      Volumes: goMap(config.Volumes),
      WorkingDir: config.WorkingDir ?? '',
      Entrypoint: goSlice(config.Entrypoint),
      Labels: goMap(config.Labels, ''),
      ...(config.StopSignal === undefined ? {} : { StopSignal: config.StopSignal }),
      ...(config.Healthcheck === undefined ? {} : { Healthcheck: config.Healthcheck }),
    },
    Architecture: image.architecture,
    ...(image.variant === undefined ? {} : { Variant: image.variant }),
    Os: image.os,
    Size: image.size,
    VirtualSize: image.size,
    GraphDriver: {
      Data: goMap<string>({
        ...(below.length === 0 ? {} : { LowerDir: below.join(':') }),
        ...(top === undefined ? {} : { UpperDir: top }),
      }),
      Name: 'overlay2',
    },
    RootFS: { Type: 'layers', Layers: image.diffIds },
  };
}
