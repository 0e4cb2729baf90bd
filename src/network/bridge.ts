import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { MinidockError } from '../errors.ts';
import { ensureDirectory, readIfPresent, writeAtomic } from '../state/files.ts';
import { withLock } from '../state/lock.ts';
import type { Roots } from '../state/paths.ts';
import { bridgeProgram, bridgeSettings, deleteProgram, runProgram } from './bridge-program.ts';
import { checkFirewall, dropForwarded, removeFirewall } from './firewall/firewall.ts';
import { hostIptables, type Iptables } from './firewall/iptables.ts';
import { forgetRules } from './firewall/rules-seen.ts';
import { formatSubnet, parseSubnet, type Subnet } from './ipv4.ts';
import { checkBridgeName, defaultBridge, type Network, networkDirectory, networkOf } from './network.ts';
import {
  candidates,
  chooseSubnet,
  isFree,
  type Route,
  readNameservers,
  readRoutes,
  sameSubnet,
  subnetOfDevice,
} from './subnet.ts';

export interface BridgeOptions {
  bridge?: string;
  /** Subnets to choose from, in this order. */
  subnets?: readonly string[];
  iptables?: Iptables;
  /** The program that makes the bridge: a piece that a learner may replace. */
  program?: typeof bridgeProgram;
}

/**
 * The default network with its bridge up: the bridge is made if it is missing, and repaired if a part of it is. If it is
 * complete, this costs a few small reads of /proc and state. Its firewall rules are not in /proc: `checkFirewall` checks them
 * before a container's command begins.
 */
export async function ensureBridge(roots: Roots, options: BridgeOptions = {}): Promise<Network> {
  const bridge = options.bridge ?? defaultBridge;
  const subnet = rememberedSubnet(roots, bridge);
  if (subnet !== undefined && bridgeIsReady(bridge, subnet)) return networkOf(roots, bridge, subnet);
  checkBridgeName(bridge);
  checkNoOtherLink(bridge);
  const directory = ensureDirectory(networkDirectory(roots, bridge));
  return await withLock(`${directory}/lock`, () => makeBridge(roots, bridge, options));
}

/**
 * Another kind of interface would get the bridge's address and MAC, and the host would be cut off. A sysfs of another network namespace may not
 * know the name: then nothing is said.
 *
 * @throws {MinidockError} `invalid-bridge`
 */
function checkNoOtherLink(bridge: string): void {
  const link = `/sys/class/net/${bridge}`;
  if (!fs.existsSync(link) || fs.existsSync(`${link}/bridge`)) return;
  if (!fs.existsSync(`/proc/sys/net/ipv4/conf/${bridge}`)) return;
  throw new MinidockError(
    'invalid-bridge',
    `cannot take ${bridge} as the bridge: it is another interface of this host`,
    {
      fix: 'name one that does not exist yet (--bridge, MINIDOCK_BRIDGE, "bridge" in daemon.json)',
    },
  );
}

/** The network that `ensureBridge` would return; nothing is made. */
export function plannedNetwork(roots: Roots, bridge: string): Network {
  const routes = readRoutes();
  const foreign = routes.filter(route => route.device !== bridge);
  return networkOf(roots, bridge, chooseFor(roots, bridge, routes, foreign, candidates));
}

async function makeBridge(
  roots: Roots,
  bridge: string,
  { iptables = hostIptables, subnets = candidates, program = bridgeProgram }: BridgeOptions,
): Promise<Network> {
  for (let attempt = 1; ; attempt++) {
    const routes = readRoutes();
    const foreign = routes.filter(route => route.device !== bridge);
    const subnet = chooseFor(roots, bridge, routes, foreign, subnets);
    writeAtomic(`${networkDirectory(roots, bridge)}/network.json`, describe(bridge, subnet));
    const network = networkOf(roots, bridge, subnet);
    await raise(roots, network, iptables, program);
    // Another engine may have chosen the same subnet at the same moment. Both see the other's route now, and both choose again.
    const rivals = readRoutes().filter(route => route.device !== bridge);
    if (isFree(subnet, rivals)) return network;
    await runProgram(deleteProgram(bridge));
    if (attempt === 5) {
      await removeFirewall(network, iptables);
      throw new MinidockError(
        'subnet-taken',
        `${formatSubnet(subnet)} for bridge ${bridge} is taken by another network`,
        {
          fix: 'run the command again; `ip route` shows which network has it',
        },
      );
    }
    await new Promise(resolve => setTimeout(resolve, Math.random() * 50 * attempt));
  }
}

/**
 * A network that a user made, with its bridge up: the bridge is made where it is missing (after a reboot), and repaired. Its
 * subnet never changes.
 *
 * @throws {MinidockError} `subnet-taken` where the host has got a route into the subnet, `no-such-network` where the network
 * was removed meanwhile
 */
export async function ensureDefined(
  roots: Roots,
  network: Network,
  { iptables = hostIptables, program = bridgeProgram }: Pick<BridgeOptions, 'iptables' | 'program'> = {},
): Promise<void> {
  const { bridge, subnet, directory } = network;
  if (bridgeIsReady(bridge, subnet)) return;
  await withLock(
    `${directory}/lock`,
    async () => {
      const rival = readRoutes().find(route => route.device !== bridge && !isFree(subnet, [route]));
      if (rival !== undefined)
        throw new MinidockError(
          'subnet-taken',
          `${formatSubnet(subnet)} for bridge ${bridge} is taken: ${rival.device} has a route to ${formatSubnet(rival.destination)}`,
          { fix: 'remove that route (`ip route`), or make the network again with another --subnet' },
        );
      await raise(roots, network, iptables, program);
    },
    { parentMustExist: true },
  );
}

/** The rules come before the bridge, so that it never exists without them. */
async function raise(roots: Roots, network: Network, iptables: Iptables, program: typeof bridgeProgram): Promise<void> {
  forgetRules(network);
  await checkFirewall(network, iptables);
  if (readIfPresent('/proc/sys/net/ipv4/ip_forward')?.trim() !== '1') await dropForwarded(iptables);
  await runProgram(program(network, aliasOf(roots), { ipv6: fs.existsSync('/proc/sys/net/ipv6') }));
}

/**
 * The alias of a bridge, which `ip link` shows: the engine's root, or its digest where the root is longer than an alias
 * may be.
 */
export function aliasOf({ root }: Pick<Roots, 'root'>): string {
  const alias = `minidock ${root}`;
  return Buffer.byteLength(alias) <= 255 ? alias : `minidock ${createHash('sha256').update(root).digest('hex')}`;
}

/**
 * The subnet that the bridge has; otherwise the remembered one, unless it was taken meanwhile; otherwise a free one.
 */
function chooseFor(
  roots: Roots,
  bridge: string,
  routes: readonly Route[],
  foreign: readonly Route[],
  subnets: readonly string[],
): Subnet {
  const usable = (subnet: Subnet | undefined) => (subnet !== undefined && isFree(subnet, foreign) ? subnet : undefined);
  return (
    usable(subnetOfDevice(bridge, routes)) ??
    usable(rememberedSubnet(roots, bridge)) ??
    chooseSubnet(foreign, readNameservers(), subnets)
  );
}

/** Removes bridge and rules. Containers that still run lose their network. Idempotent. */
export async function removeBridge(bridge: string, iptables: Iptables = hostIptables): Promise<void> {
  await removeFirewall({ bridge }, iptables);
  if (fs.existsSync(`/proc/sys/net/ipv4/conf/${bridge}`)) await runProgram(deleteProgram(bridge));
}

/** Removes bridge, rules and state of the default network. Idempotent. */
export async function removeNetwork(
  roots: Pick<Roots, 'root'>,
  bridge: string,
  iptables: Iptables = hostIptables,
): Promise<void> {
  checkBridgeName(bridge);
  await removeBridge(bridge, iptables);
  fs.rmSync(networkDirectory(roots, bridge), { recursive: true, force: true });
}

/** @throws {MinidockError} `subnet-taken` where another network was given the same subnet in the same moment */
export function ensureFree({ bridge, subnet }: Network): void {
  if (
    isFree(
      subnet,
      readRoutes().filter(route => route.device !== bridge),
    )
  )
    return;
  throw new MinidockError('subnet-taken', `${formatSubnet(subnet)} for bridge ${bridge} is taken by another network`, {
    fix: 'run the command again; `ip route` shows which network has it',
  });
}

function bridgeIsReady(bridge: string, subnet: Subnet): boolean {
  return bridgeTroubles(bridge, subnet).length === 0;
}

/** What the bridge lacks, a line each: the device itself, its address or being up (both seen by its route), its settings. */
export function bridgeTroubles(bridge: string, subnet: Subnet): string[] {
  const routed = subnetOfDevice(bridge, readRoutes());
  if (routed === undefined && !fs.existsSync(`/proc/sys/net/ipv4/conf/${bridge}`)) return [`bridge ${bridge}`];
  const hasRoute = routed !== undefined && sameSubnet(routed, subnet);
  const wrong = Object.entries(bridgeSettings(bridge)).filter(([name, value]) => {
    const found = readIfPresent(`/proc/sys/net/${name}`)?.trim();
    // The kernel may have no IPv6.
    return found !== value && !(found === undefined && name.startsWith('ipv6/'));
  });
  return [
    ...(hasRoute ? [] : [`route to ${formatSubnet(subnet)} by bridge ${bridge}`]),
    ...wrong.map(([name, value]) => `net.${name.replaceAll('/', '.')} = ${value}`),
  ];
}

function describe(bridge: string, subnet: Subnet): string {
  return `${JSON.stringify({ bridge, subnet: formatSubnet(subnet) }, null, 2)}\n`;
}

/** The subnet of the default network, by its bridge; undefined where none was chosen yet. */
export function rememberedSubnet(roots: Roots, bridge: string): Subnet | undefined {
  const content = readIfPresent(`${networkDirectory(roots, bridge)}/network.json`);
  if (content === undefined) return undefined;
  try {
    return parseSubnet(String((JSON.parse(content) as { subnet?: unknown }).subnet));
  } catch {
    // The file is malformed, perhaps edited by hand: the subnet is then read from the bridge, or chosen again.
    return undefined;
  }
}
