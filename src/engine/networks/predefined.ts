import type { ContainerRecord } from '../../container/record.ts';
import { type PredefinedName, plainEndpointId, predefined, predefinedId } from '../../network/predefined.ts';
import type { Roots } from '../../state/paths.ts';
import type { InspectedContainer } from '../nouns/containers.ts';

/** Ids of the networks that every engine has, by their names. */
export type PredefinedIds = Readonly<Record<PredefinedName, string>>;

export function predefinedIds(roots: Roots): PredefinedIds {
  const names = Object.keys(predefined) as PredefinedName[];
  return Object.fromEntries(names.map(name => [name, predefinedId(roots, name)])) as PredefinedIds;
}

/** The network of those that every engine has on which the container was started; a container is on one at most. */
export function predefinedOf(
  { id, network, state }: ContainerRecord,
  ids: (name: PredefinedName) => string,
): InspectedContainer['predefinedNetwork'] {
  const isOn = network.mode !== 'bridge' || network.endpoints.some(one => one.network === 'bridge');
  if (!isOn || network.mode === 'container' || state.startedAt === undefined) return undefined;
  return { id: ids(network.mode), endpointId: plainEndpointId(id, network.mode) };
}
