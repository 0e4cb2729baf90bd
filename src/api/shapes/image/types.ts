import { int64, key, named, omitEmpty, pointer, string, strings, struct } from '../../go/types.ts';
import { containerConfig, graphDriver } from '../config.ts';

/** What Docker's API, version 1.41, answers to GET /images/{name}/json. */

/** Its data is RFC 3339, in UTC. */
const time = named('time.Time', string, {
  text: data => `${String(data).replace('T', ' ').replace('Z', '')} +0000 UTC`,
});

export const imageInspect = struct('types.ImageInspect', {
  ID: key('Id', string),
  RepoTags: strings,
  RepoDigests: strings,
  Parent: string,
  Comment: string,
  Created: string,
  Container: string,
  ContainerConfig: pointer(containerConfig),
  DockerVersion: string,
  Author: string,
  Config: pointer(containerConfig),
  Architecture: string,
  Variant: omitEmpty(string),
  Os: string,
  OsVersion: omitEmpty(string),
  Size: int64,
  VirtualSize: int64,
  GraphDriver: graphDriver,
  RootFS: struct('types.RootFS', { Type: string, Layers: omitEmpty(strings), BaseLayer: omitEmpty(string) }),
  Metadata: struct('types.ImageMetadata', { LastTagTime: omitEmpty(time) }),
});
