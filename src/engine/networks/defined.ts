import { checkWanted } from '../../network/addresses.ts';
import type { NetworkEndpoint } from '../../network/attachment.ts';
import { type BridgeOptions, ensureDefined } from '../../network/bridge.ts';
import {
  findDefinition,
  networkFrom,
  noSuchNetwork,
  onlyNamedSubnets,
  readDefinition,
} from '../../network/definition.ts';
import { registerEngine } from '../../state/engines.ts';
import type { EngineContext } from '../context.ts';
import type { Joined } from './attach.ts';

/**
 * The network of an endpoint, for networks that users made, with its bridge up.
 *
 * @throws {MinidockError} `no-such-network`, `subnet-taken`
 */
export async function definedNetwork(
  context: EngineContext,
  wanted: NetworkEndpoint,
  options: Pick<BridgeOptions, 'program'>,
): Promise<Joined> {
  const joined = findDefined(context, wanted);
  registerEngine(context.roots, joined.network.bridge);
  await ensureDefined(context.roots, joined.network, options);
  return joined;
}

/** As in Docker a container that was started before knows its network by id, another by the name that the user gave. */
export const definitionOf = ({ roots }: Pick<EngineContext, 'roots'>, { network: name, networkId }: NetworkEndpoint) =>
  networkId === undefined ? findDefinition(roots, name) : readDefinition(roots, networkId);

/** The network of an endpoint, where the endpoint may be there. @throws {MinidockError} `no-such-network`, `invalid-address` */
export function findDefined({ roots }: Pick<EngineContext, 'roots'>, wanted: NetworkEndpoint): Joined {
  const { network: name, networkId } = wanted;
  const definition = definitionOf({ roots }, wanted);
  if (definition === undefined) throw noSuchNetwork(networkId ?? name);
  if (wanted.ip !== undefined && definition.isChosen) throw onlyNamedSubnets();
  const network = networkFrom(roots, definition);
  if (wanted.ip !== undefined) checkWanted(network, wanted.ip);
  return { endpoint: { ...wanted, network: definition.name, networkId: definition.id }, network };
}
