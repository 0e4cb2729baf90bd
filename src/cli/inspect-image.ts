import type { ImageRecord } from '../image/store.ts';

/** An image in the shape and with the key names of Docker's API (GET /images/{name}/json). */
export function inspectImage(image: ImageRecord) {
  const { config } = image;
  const [top, ...below] = [...image.layers].reverse();
  return {
    Id: image.id,
    RepoTags: image.repoTags,
    RepoDigests: image.repoDigests,
    Created: image.created,
    Config: {
      User: config.User ?? '',
      ...(config.ExposedPorts === undefined ? {} : { ExposedPorts: config.ExposedPorts }),
      Env: config.Env ?? null,
      Cmd: config.Cmd ?? null,
      Volumes: config.Volumes ?? null,
      WorkingDir: config.WorkingDir ?? '',
      Entrypoint: config.Entrypoint ?? null,
      Labels: config.Labels ?? null,
      ...(config.StopSignal === undefined ? {} : { StopSignal: config.StopSignal }),
      ...(config.Healthcheck === undefined ? {} : { Healthcheck: config.Healthcheck }),
    },
    Architecture: image.architecture,
    ...(image.variant === undefined ? {} : { Variant: image.variant }),
    Os: image.os,
    Size: image.size,
    GraphDriver: {
      Data: {
        ...(below.length === 0 ? {} : { LowerDir: below.join(':') }),
        ...(top === undefined ? {} : { UpperDir: top }),
      },
      Name: 'overlay2',
    },
    RootFS: { Type: 'layers', Layers: image.diffIds },
  };
}
