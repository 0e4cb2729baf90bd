import type { ContainerRecord } from '../../container/record.ts';
import type { NetworkDefinition } from '../../network/definition.ts';
import { type PredefinedName, predefined, predefinedId } from '../../network/predefined.ts';
import { type NewEvent, recordEvent } from '../../state/journal.ts';
import type { Roots } from '../../state/paths.ts';
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
  network: Connected,
  action: 'connect' | 'disconnect',
): void {
  recordEvent(roots, connectionEvent(roots, container, network, action));
}

/** A network by its name, and by its id where a user made it. */
type Connected = Readonly<{ network: string; networkId?: string }>;

function connectionEvent(
  roots: Roots,
  container: string,
  { network, networkId }: Connected,
  action: 'connect' | 'disconnect',
): NewEvent {
  const id = networkId ?? predefinedId(roots, network as PredefinedName);
  const type = networkId === undefined ? predefined[network as PredefinedName] : 'bridge';
  return { type: 'network', action, id, attributes: { container, name: network, type } };
}

/** That a container was connected to all its networks, at its start, or disconnected from them, at its end. */
export function connectionEvents(
  { roots }: Pick<EngineContext, 'roots'>,
  { id, network }: Pick<ContainerRecord, 'id' | 'network'>,
  action: 'connect' | 'disconnect',
): NewEvent[] {
  const events: NewEvent[] = [];
  if (network.mode === 'host' || network.mode === 'none')
    events.push(connectionEvent(roots, id, { network: network.mode }, action));
  for (const endpoint of network.endpoints)
    if (endpoint.interface !== undefined && !endpoint.unfinished)
      events.push(connectionEvent(roots, id, endpoint, action));
  return events;
}
