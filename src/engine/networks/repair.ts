import fs from 'node:fs';
import path from 'node:path';
import { endpointsOf } from '../../network/attachment.ts';
import { bridgeTroubles, plannedNetwork, rememberedSubnet } from '../../network/bridge.ts';
import { runProgram } from '../../network/bridge-program.ts';
import { listDefinitions, networkFrom } from '../../network/definition.ts';
import { replug } from '../../network/endpoint.ts';
import { repairFirewall } from '../../network/firewall/repair.ts';
import type { Network } from '../../network/network.ts';
import { removePorts } from '../../network/ports/publish.ts';
import { readLinkIfPresent } from '../../state/files.ts';
import type { EngineContext } from '../context.ts';
import type { NetworkRepair } from '../nouns/networks.ts';
import { readyNetwork } from './attach.ts';
import { isRunning, publishedBy } from './guard.ts';

/**
 * Puts right what others took away from the networks of this engine: bridges, the kernel's settings, firewall rules, published
 * ports, and the cables of running containers. What is right is left alone. Containers go on running.
 */
export async function repairNetworks(context: EngineContext): Promise<NetworkRepair[]> {
  const { roots, bridge } = context;
  const known = [
    ...(rememberedSubnet(roots, bridge) === undefined
      ? []
      : [{ name: 'bridge', network: plannedNetwork(roots, bridge) }]),
    ...listDefinitions(roots).map(one => ({ name: one.name, id: one.id, network: networkFrom(roots, one) })),
  ];
  const repairs: NetworkRepair[] = [];
  for (const { name, id, network } of known as { name: string; id?: string; network: Network }[]) {
    const troubles = bridgeTroubles(network.bridge, network.subnet);
    const published = publishedBy(context, network);
    // Rules come first: making a bridge again would restore them too, and they would not be counted as repaired.
    const rules = await repairFirewall(network, published);
    if (troubles.length > 0) await readyNetwork(context, { network: name, ...(id && { networkId: id }) });
    const cables = await repairCables(context, network);
    for (const one of published) if (!isRunning(context, one.shortId)) await removePorts(network, one.shortId, one);
    repairs.push({ name, mended: [...troubles, ...rules, ...cables.mended], lost: cables.lost });
  }
  return repairs;
}

/**
 * Connects the host's ends of veth pairs to the bridge again; those that are connected stay as they are. Where the interface
 * itself is gone only a start of the container makes it again. /sys shows the interfaces of the network namespace in which it
 * was mounted, which may be another than ours.
 */
async function repairCables(
  context: EngineContext,
  { bridge }: Network,
): Promise<{ mended: string[]; lost: string[] }> {
  const mended: string[] = [];
  const lost: string[] = [];
  for (const id of context.store.ids().filter(one => isRunning(context, one))) {
    const record = context.store.read(id);
    if (record === undefined) continue;
    for (const endpoint of endpointsOf(record).filter(one => one.bridge === bridge)) {
      const { hostInterface } = endpoint;
      if (!fs.existsSync(`/proc/sys/net/ipv4/conf/${hostInterface}`)) {
        lost.push(`${endpoint.interface} of ${record.name}`);
        continue;
      }
      const link = `/sys/class/net/${hostInterface}`;
      const master = readLinkIfPresent(`${link}/master`);
      if (master !== undefined && path.basename(master) === bridge) continue;
      await runProgram(replug(endpoint));
      if (fs.existsSync(link))
        mended.push(`${hostInterface} (${endpoint.interface} of ${record.name}) in bridge ${bridge}`);
    }
  }
  return { mended, lost };
}
