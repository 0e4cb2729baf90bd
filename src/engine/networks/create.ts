import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../../errors.ts';
import { identityOf, printIdentity } from '../../host/process.ts';
import { randomHex } from '../../host/random.ts';
import { ensureDefined, ensureFree, rememberedSubnet } from '../../network/bridge.ts';
import { driverOptions, listDefinitions, type NetworkDefinition, networkFrom } from '../../network/definition.ts';
import { formatSubnet, gatewayOf, overlaps, parseSubnet } from '../../network/ipv4.ts';
import { networkDirectory, networksDirectory } from '../../network/network.ts';
import { type Pool, readPool } from '../../network/pool.ts';
import { chooseSubnet, type Route, readNameservers, readRoutes } from '../../network/subnet.ts';
import { registerEngine } from '../../state/engines.ts';
import { ensureDirectory, writeAtomic } from '../../state/files.ts';
import { ensureLock, withLock } from '../../state/lock.ts';
import { enginePaths } from '../../state/paths.ts';
import { removeTree } from '../../state/remove-tree.ts';
import type { EngineContext } from '../context.ts';
import type { NetworkCreation } from '../nouns/networks.ts';
import { tellNetwork } from './events.ts';
import { takeNetworkAway } from './gone.ts';
import { checkCreation } from './options.ts';

/** How often a subnet is chosen anew because somebody else took it in the same moment. */
const attempts = 5;

/** Makes a network: its definition appears whole or not at all, then its rules and its bridge. */
export async function createNetwork(context: EngineContext, wanted: NetworkCreation): Promise<{ id: string }> {
  checkCreation(wanted, context.facts);
  const pool = readPool(wanted);
  for (let attempt = 1; ; attempt++) {
    const id = randomHex(32);
    const { allocation } = enginePaths(context.roots);
    const definition = await withLock(allocation, () => enter(context, wanted, pool, id));
    try {
      registerEngine(context.roots, definition.bridge);
      const network = networkFrom(context.roots, definition);
      await ensureDefined(context.roots, network);
      if (pool === undefined) ensureFree(network);
    } catch (error) {
      await takeNetworkAway(context, definition);
      const isTaken = error instanceof MinidockError && error.code === 'subnet-taken';
      if (!isTaken || pool !== undefined || attempt === attempts) throw error;
      continue;
    }
    tellNetwork(context, definition, 'create');
    return { id };
  }
}

/** The caller holds the allocation lock. */
function enter(context: EngineContext, wanted: NetworkCreation, pool: Pool | undefined, id: string): NetworkDefinition {
  const others = listDefinitions(context.roots);
  const { name, options = {} } = wanted;
  if (others.some(one => one.name === name))
    throw new MinidockError('name-in-use', `network with name ${name} already exists`, {
      fix: `choose another name, or remove that one: minidock network rm ${name}`,
    });
  const bridge = options[driverOptions.name] ?? `md-${id.slice(0, 12)}`;
  checkBridgeFree(bridge, others, id);
  const definition: NetworkDefinition = {
    id,
    name,
    created: new Date().toISOString(),
    bridge,
    ...(pool ?? choosePool(context, others)),
    ...(pool === undefined && { isChosen: true }),
    ...(wanted.subnet !== undefined && { asked: { subnet: wanted.subnet, gateway: wanted.gateway } }),
    ...(wanted.auxAddresses && { auxAddresses: wanted.auxAddresses }),
    ...(wanted.internal && { internal: true }),
    ...(wanted.attachable && { attachable: true }),
    labels: wanted.labels ?? {},
    options,
  };
  if (pool !== undefined) checkPoolFree(context, pool, others);
  write(context, definition);
  return definition;
}

function checkBridgeFree(bridge: string, others: readonly NetworkDefinition[], id: string): void {
  const rival = others.find(one => one.bridge === bridge);
  if (rival !== undefined)
    throw new MinidockError(
      'name-in-use',
      `cannot create network ${id} (${bridge}): conflicts with network ${rival.id} (${bridge}): networks have same bridge name`,
      { fix: 'choose another name for the bridge' },
    );
  if (!fs.existsSync(`/proc/sys/net/ipv4/conf/${bridge}`)) return;
  throw new MinidockError('name-in-use', `existing interface ${bridge} is not a bridge of this network`, {
    fix: 'choose another name for the bridge: `ip -br link` lists those that are taken',
  });
}

/** Subnets that are taken: by routes of the host, and by networks whose bridge is not up. */
function taken(context: EngineContext, others: readonly NetworkDefinition[]): (Route & { readonly by: string })[] {
  const own = rememberedSubnet(context.roots, context.bridge);
  return [
    ...readRoutes().map(route => ({ ...route, by: `the route by ${route.device}` })),
    ...(own === undefined ? [] : [{ device: context.bridge, destination: own, by: 'network bridge' }]),
    ...others.map(({ bridge, subnet, name }) => ({
      device: bridge,
      destination: parseSubnet(subnet),
      by: `network ${name}`,
    })),
  ];
}

function choosePool(context: EngineContext, others: readonly NetworkDefinition[]): Pool {
  const subnet = chooseSubnet(taken(context, others), readNameservers());
  return { subnet: formatSubnet(subnet), gateway: gatewayOf(subnet) };
}

function checkPoolFree(context: EngineContext, pool: Pool, others: readonly NetworkDefinition[]): void {
  const subnet = parseSubnet(pool.subnet);
  const rivals = taken(context, others).filter(
    ({ destination }) => destination.prefixLength > 0 && overlaps(destination, subnet),
  );
  const rival = rivals.find(({ by }) => by.startsWith('network')) ?? rivals[0];
  if (rival !== undefined)
    throw new MinidockError(
      'subnet-taken',
      `Pool overlaps with other one on this address space: ${rival.by} has ${formatSubnet(rival.destination)}`,
      { fix: 'choose another --subnet, or none: then a free one is taken' },
    );
}

/** The directory is filled under a name that identifies this process, and then renamed. */
function write(context: EngineContext, definition: NetworkDefinition): void {
  const directory = ensureDirectory(networksDirectory(context.roots));
  const fresh = path.join(directory, `.new-${printIdentity(identityOf(process.pid))}-${definition.id.slice(0, 12)}`);
  try {
    fs.mkdirSync(fresh, { mode: 0o710 });
    ensureLock(path.join(fresh, 'lock'));
    writeAtomic(path.join(fresh, 'network.json'), `${JSON.stringify(definition, null, 2)}\n`);
    fs.renameSync(fresh, networkDirectory(context.roots, definition.id));
  } catch (error) {
    removeTree(fresh);
    throw error;
  }
}
