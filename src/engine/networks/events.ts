import type { ContainerRecord } from '../../container/record.ts';
import type { NetworkDefinition } from '../../network/definition.ts';
import { type PredefinedName, predefined, predefinedId } from '../../network/predefined.ts';
import { recordEvent } from '../../state/journal.ts';
import type { EngineContext } from '../context.ts';

/** Writes into the journal what happened to a network that a user made. */
export function tellNetwork(
  { roots }: Pick<EngineContext, 'roots'>,
  { id, name }: Pick<NetworkDefinition, 'id' | 'name'>,
  action: 'create' | 'destroy',
): void {
  recordEvent(roots, { type: 'network', action, id, attributes: { name, type: 'bridge' } });
}

/** Writes into the journal that a container was connected to a network, or disconnected from it. */
export function tellConnection(
  { roots }: Pick<EngineContext, 'roots'>,
  container: string,
  { network, networkId }: { network: string; networkId?: string },
  action: 'connect' | 'disconnect',
): void {
  const id = networkId ?? predefinedId(roots, network as PredefinedName);
  const type = networkId === undefined ? predefined[network as PredefinedName] : 'bridge';
  recordEvent(roots, { type: 'network', action, id, attributes: { container, name: network, type } });
}

/** As `tellConnection`, for all networks of a container: at its start, and at its end. */
export function tellConnections(
  context: Pick<EngineContext, 'roots'>,
  { id, network }: Pick<ContainerRecord, 'id' | 'network'>,
  action: 'connect' | 'disconnect',
): void {
  if (network.mode === 'host' || network.mode === 'none')
    tellConnection(context, id, { network: network.mode }, action);
  for (const endpoint of network.endpoints)
    if (endpoint.interface !== undefined && !endpoint.unfinished) tellConnection(context, id, endpoint, action);
}
