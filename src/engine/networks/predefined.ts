import type { ContainerRecord } from '../../container/record.ts';
import { type PredefinedName, plainEndpointId } from '../../network/predefined.ts';
import type { InspectedContainer } from '../nouns/containers.ts';

/** Which of the predefined networks (bridge, host, none) the container was started on; it can be one at most. */
export function predefinedOf(
  { id, network, state }: ContainerRecord,
  ids: (name: PredefinedName) => string,
): InspectedContainer['predefinedNetwork'] {
  const isOn = network.mode !== 'bridge' || network.endpoints.some(one => one.network === 'bridge');
  if (!isOn || network.mode === 'container' || state.startedAt === undefined) return undefined;
  return { id: ids(network.mode), endpointId: plainEndpointId(id, network.mode) };
}
