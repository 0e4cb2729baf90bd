import type { ContainerOptions, ContainerRecord } from '../../container/record.ts';
import { randomHex } from '../../host/random.ts';
import { allocateAddress } from '../../network/addresses.ts';
import { modeOf, type NetworkAttachment, type NetworkEndpoint } from '../../network/attachment.ts';
import { hostInterfaceOf } from '../../network/endpoint.ts';
import { macOf } from '../../network/ipv4.ts';
import type { Network } from '../../network/network.ts';
import { choosePorts } from '../../network/ports/ephemeral.ts';
import { withLock } from '../../state/lock.ts';
import { containerPaths, enginePaths } from '../../state/paths.ts';
import type { EngineContext } from '../context.ts';
import { mappingsOf } from './mappings.ts';

/** What a new container is to be connected to. */
export function endpointsAsked({ network }: Pick<ContainerOptions, 'network'>): NetworkEndpoint[] {
  return modeOf(network) === 'bridge' ? [{ network }] : [];
}

/** Takes address and ports of the bridge network for a container about to start. Given back when it has ended. */
export async function attachNetwork(
  context: EngineContext,
  record: ContainerRecord,
  network: Network,
  portsToAvoid: ReadonlySet<number>,
): Promise<NetworkAttachment> {
  const { bundle } = containerPaths(context.roots, record.id);
  return await withLock(enginePaths(context.roots).allocation, () => {
    const address = allocateAddress(network, bundle);
    const wire = {
      endpointId: randomHex(32),
      bridge: network.bridge,
      interface: 'eth0',
      address,
      prefixLength: network.subnet.prefixLength,
      gateway: network.gateway,
      macAddress: macOf(address),
      hostInterface: hostInterfaceOf(record.id),
    };
    return {
      ...record.network,
      endpoints: record.network.endpoints.map(endpoint => ({ ...endpoint, ...wire })),
      ports: choosePorts(network, mappingsOf(record), bundle, portsToAvoid),
    };
  });
}
