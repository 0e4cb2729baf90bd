import fs from 'node:fs';
import type { ContainerRecord } from '../../container/record.ts';
import { endpointsOf } from '../../network/attachment.ts';
import { plannedNetwork } from '../../network/bridge.ts';
import { findDefinition, listDefinitions, type NetworkDefinition, noSuchNetwork } from '../../network/definition.ts';
import { formatSubnet } from '../../network/ipv4.ts';
import { networkDirectory } from '../../network/network.ts';
import {
  type PredefinedName,
  plainEndpointId,
  predefined,
  predefinedCalled,
  predefinedId,
} from '../../network/predefined.ts';
import type { EngineContext } from '../context.ts';
import type { Network, NetworkMember } from '../nouns/networks.ts';
import { finishRemovals } from './gone.ts';

type Running = readonly ContainerRecord[];

/** All networks, by name. */
export async function listNetworks(context: EngineContext, running: Running): Promise<Network[]> {
  await finishRemovals(context);
  const own = (Object.keys(predefined) as PredefinedName[]).map(name => ownNetwork(context, name, running));
  const made = listDefinitions(context.roots).map(one => madeNetwork(one, running));
  return [...own, ...made].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @throws {MinidockError} `no-such-network`, `ambiguous-network` */
export async function findNetwork(context: EngineContext, reference: string, running: Running): Promise<Network> {
  await finishRemovals(context);
  const name = predefinedCalled(context.roots, reference);
  if (name !== undefined) return ownNetwork(context, name, running);
  const definition = findDefinition(context.roots, reference);
  if (definition === undefined) throw noSuchNetwork(reference);
  return madeNetwork(definition, running);
}

function madeNetwork(definition: NetworkDefinition, running: Running): Network {
  const { bridge: _, ...rest } = definition;
  const isOn = ({ networkId }: { networkId?: string }) => networkId === definition.id;
  return { ...rest, driver: 'bridge', predefined: false, endpoints: membersOn(running, isOn) };
}

function ownNetwork(context: EngineContext, name: PredefinedName, running: Running): Network {
  const id = predefinedId(context.roots, name);
  const common = { id, name, driver: predefined[name], predefined: true, created: madeAt(context) };
  if (name !== 'bridge') {
    const members = running.filter(({ network }) => network.mode === name);
    return {
      ...common,
      endpoints: members.map(record => ({
        container: record.id,
        name: record.name,
        endpointId: plainEndpointId(record.id, name),
      })),
    };
  }
  const { subnet, gateway } = plannedNetwork(context.roots, context.bridge);
  return {
    ...common,
    subnet: formatSubnet(subnet),
    gateway,
    options: {
      'com.docker.network.bridge.default_bridge': 'true',
      'com.docker.network.bridge.enable_icc': 'true',
      'com.docker.network.bridge.enable_ip_masquerade': 'true',
      'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
      'com.docker.network.bridge.name': context.bridge,
      'com.docker.network.driver.mtu': '1500',
    },
    endpoints: membersOn(running, one => one.network === 'bridge'),
  };
}

function membersOn(running: Running, isOn: (endpoint: { network: string; networkId?: string }) => boolean) {
  return running.flatMap(record =>
    endpointsOf(record)
      .filter(isOn)
      .map(
        ({ endpointId, macAddress, address, prefixLength }): NetworkMember => ({
          container: record.id,
          name: record.name,
          endpointId,
          macAddress,
          address: `${address}/${prefixLength}`,
        }),
      ),
  );
}

/** The time at which the engine first used its bridge; before that, the time at which it got its id. */
function madeAt({ roots, bridge }: EngineContext): string {
  const stats =
    fs.statSync(networkDirectory(roots, bridge), { throwIfNoEntry: false }) ?? fs.statSync(`${roots.root}/engine-id`);
  return (stats.birthtimeMs > 0 ? stats.birthtime : stats.ctime).toISOString();
}
