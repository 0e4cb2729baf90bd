import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../errors.ts';
import { bootId } from '../host/process.ts';
import { ensureDirectory, readIfPresent, writeAtomic, writeVolatile } from '../state/files.ts';
import { withLock } from '../state/lock.ts';
import type { Roots } from '../state/paths.ts';
import { removeTree } from '../state/remove-tree.ts';
import { close, writeFile } from '../syscalls/calls.ts';
import { StepError } from '../syscalls/failure.ts';
import { runHost } from '../syscalls/shim.ts';
import { type Program, program, slot } from '../syscalls/step.ts';
import { ensureFirewall, removeFirewall } from './firewall/firewall.ts';
import { hostIptables, type Iptables } from './firewall/iptables.ts';
import { formatSubnet, macOf, parseSubnet, type Subnet } from './ipv4.ts';
import { networkError } from './netlink/failure.ts';
import { exchange, openNetlink } from './netlink/netlink.ts';
import { addBridge, deleteLink, isInterfaceName, replaceAddress, setUp, showLink } from './netlink/rtnetlink.ts';
import { defaultBridge, type Network, networkDirectory, networkOf } from './network.ts';
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
}

/** The firewall is not visible in /proc: for this long it is taken as it was seen last. */
const firewallSeenMs = 60_000;

/**
 * The bridge, ready for containers: made where it is missing, mended where something of it vanished. Where all is there
 * this is five small reads of /proc and state, and once a minute one iptables-save.
 */
export async function ensureBridge(roots: Roots, options: BridgeOptions = {}): Promise<Network> {
  const bridge = options.bridge ?? defaultBridge;
  const iptables = options.iptables ?? hostIptables;
  const subnet = remembered(roots, bridge);
  if (subnet !== undefined && bridgeIsReady(bridge, subnet)) {
    const network = networkOf(roots, bridge, subnet);
    if (!firewallSeen(roots, bridge)) await mendFirewall(roots, network, iptables);
    return network;
  }
  checkName(bridge);
  const directory = ensureDirectory(networkDirectory(roots, bridge));
  return await withLock(path.join(directory, 'lock'), () => makeBridge(roots, bridge, iptables, options.subnets));
}

/** Puts rules back that someone flushed, and remembers when they were seen. */
export async function mendFirewall(roots: Roots, network: Network, iptables = hostIptables): Promise<void> {
  await ensureFirewall(network, iptables);
  writeVolatile(marker(roots, network.bridge), world());
}

/** The network that `ensureBridge` would answer with; nothing is made. */
export function plannedNetwork(roots: Roots, bridge: string): Network {
  const routes = readRoutes();
  const foreign = routes.filter(route => route.device !== bridge);
  return networkOf(roots, bridge, chooseFor(roots, bridge, routes, foreign, candidates));
}

async function makeBridge(
  roots: Roots,
  bridge: string,
  iptables: Iptables,
  subnets: readonly string[] = candidates,
): Promise<Network> {
  for (let attempt = 1; ; attempt++) {
    const routes = readRoutes();
    const foreign = routes.filter(route => route.device !== bridge);
    const subnet = chooseFor(roots, bridge, routes, foreign, subnets);
    writeAtomic(path.join(networkDirectory(roots, bridge), 'network.json'), describe(bridge, subnet));
    const network = networkOf(roots, bridge, subnet);
    await runProgram(bridgeProgram(network));
    // Another engine may have chosen the same subnet in this very moment. Both see it now, and both choose again.
    const rivals = readRoutes().filter(route => route.device !== bridge);
    if (isFree(subnet, rivals)) {
      await mendFirewall(roots, network, iptables);
      return network;
    }
    await runProgram(deleteProgram(bridge));
    if (attempt === 5) {
      throw new MinidockError(
        'subnet-taken',
        `${formatSubnet(subnet)} for bridge ${bridge} is taken by another network`,
        {
          fix: 'see `ip route`',
        },
      );
    }
    await new Promise(resolve => setTimeout(resolve, Math.random() * 50 * attempt));
  }
}

/** What the bridge has, else what was remembered unless it is taken meanwhile, else a free one. */
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
    usable(remembered(roots, bridge)) ??
    chooseSubnet(foreign, readNameservers(), subnets)
  );
}

/** The host-only program that makes the bridge, or mends one that is there: each of its steps may be done twice. */
export function bridgeProgram({ bridge, gateway, subnet }: Network): Program {
  const about = { lesson: 'veth-and-bridge', group: 'bridge' } as const;
  const netlink = slot('netlink');
  const link = showLink(bridge);
  const sysctl = (name: string, why: string) =>
    writeFile(`/proc/sys/net/ipv4/${name}`, '1', slot(name), { ...about, why });
  return program({
    host: [
      openNetlink(netlink, { ...about, why: "a routing socket in the host's network namespace" }),
      ...exchange(
        netlink,
        [
          {
            message: addBridge(bridge, macOf(gateway)),
            why: 'a switch in the kernel, with an address of its own: else it takes the lowest of its ports and changes it',
          },
          { message: link.message, why: 'find its index' },
          {
            message: replaceAddress(bridge, link.index, gateway, subnet.prefixLength),
            why: "the host's own address in the subnet: the gateway of every container",
          },
          { message: setUp(bridge), why: 'and on' },
        ],
        about,
      ),
      close(netlink, { ...about, why: 'not needed any more' }),
      ...sysctl('ip_forward', 'the host routes between the bridge and the world'),
      ...sysctl(`conf/${bridge}/route_localnet`, 'connections to 127.0.0.1 may be translated to a container'),
    ],
  });
}

/** Runs it; what the kernel refuses is said in the words of `ip`. */
async function runProgram(hostOnly: Program): Promise<void> {
  try {
    await runHost(hostOnly);
  } catch (error) {
    throw (error instanceof StepError && networkError(error)) || error;
  }
}

function deleteProgram(bridge: string): Program {
  const about = { lesson: 'veth-and-bridge', group: 'bridge' } as const;
  const netlink = slot('netlink');
  return program({
    host: [
      openNetlink(netlink, { ...about, why: "a routing socket in the host's network namespace" }),
      ...exchange(
        netlink,
        [{ message: deleteLink(bridge), why: 'the bridge goes; ports that are left are unplugged' }],
        about,
      ),
    ],
  });
}

/** Removes bridge, rules, state and marker. Containers that still run lose their network. Idempotent. */
export async function removeNetwork(roots: Roots, bridge: string, iptables: Iptables = hostIptables): Promise<void> {
  checkName(bridge);
  await removeFirewall({ bridge }, iptables);
  if (fs.existsSync(`/proc/sys/net/ipv4/conf/${bridge}`)) await runProgram(deleteProgram(bridge));
  fs.rmSync(marker(roots, bridge), { force: true });
  removeTree(networkDirectory(roots, bridge));
}

/** Up and with its address, as its route shows; and both sysctls. */
function bridgeIsReady(bridge: string, subnet: Subnet): boolean {
  const sysctl = (name: string) => readIfPresent(`/proc/sys/net/ipv4/${name}`)?.trim() === '1';
  const routed = subnetOfDevice(bridge, readRoutes());
  return (
    routed !== undefined &&
    sameSubnet(routed, subnet) &&
    sysctl('ip_forward') &&
    sysctl(`conf/${bridge}/route_localnet`)
  );
}

function firewallSeen(roots: Roots, bridge: string): boolean {
  const file = marker(roots, bridge);
  const content = readIfPresent(file);
  return content === world() && Date.now() - fs.statSync(file).mtimeMs < firewallSeenMs;
}

/** Boot and network namespace: what the marker says holds nowhere else. */
function world(): string {
  return `${bootId()} ${fs.readlinkSync('/proc/self/ns/net')}\n`;
}

function marker(roots: Roots, bridge: string): string {
  return path.join(ensureDirectory(roots.execRoot), `network-${bridge}`);
}

function describe(bridge: string, subnet: Subnet): string {
  return `${JSON.stringify({ bridge, subnet: formatSubnet(subnet) }, null, 2)}\n`;
}

function remembered(roots: Roots, bridge: string): Subnet | undefined {
  const content = readIfPresent(path.join(networkDirectory(roots, bridge), 'network.json'));
  if (content === undefined) return undefined;
  try {
    return parseSubnet(String((JSON.parse(content) as { subnet?: unknown }).subnet));
  } catch {
    // Written by hand and not well: the bridge itself knows better, or a new choice is made.
    return undefined;
  }
}

function checkName(bridge: string): void {
  if (isInterfaceName(bridge) && /^[a-z][a-z0-9_.-]*$/.test(bridge)) return;
  throw new MinidockError(
    'invalid-bridge',
    `invalid bridge name "${bridge}": 1 to 15 of a-z 0-9 _ . -, a letter first`,
  );
}
