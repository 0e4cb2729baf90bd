import type { ContainerChanges } from '../../../engine/nouns/containers.ts';
import { decodeJson } from '../../go/decode.ts';
import { embedded, struct } from '../../go/types.ts';
import type { ResourcesBody, RestartBody } from './create/body.ts';
import { restartOf } from './create/options.ts';
import { changesOf } from './create/resources.ts';
import { resources, restartPolicy } from './host-config.ts';

const type = struct('container.UpdateConfig', { Resources: embedded(resources), RestartPolicy: restartPolicy });

/** The body of POST /containers/{id}/update. @throws {MinidockError} `invalid-argument`, in Go's and Docker's words */
export function decodeUpdate(json: string): ContainerChanges {
  const body = decodeJson<(ResourcesBody & { RestartPolicy?: RestartBody }) | undefined>(type, json) ?? {};
  const { Name = '', MaximumRetryCount } = body.RestartPolicy ?? {};
  // Without a name the policy stays; `no` takes it away.
  const restart =
    Name === 'no' ? { restart: { name: 'no', maximumRetryCount: 0 } as const } : restartOf({ Name, MaximumRetryCount });
  return { ...changesOf(body), ...restart };
}
