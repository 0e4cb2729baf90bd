import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { namespacesOf } from '../../../host/namespaces.ts';
import { askNetwork, networkSeen } from '../../../xray/collect/network.ts';
import type { Interface, NetworkSeen } from '../../../xray/network-model.ts';
import type { Place } from '../types.ts';

/** What netlink says of the host's own network. */
export async function hostNetwork(): Promise<NetworkSeen> {
  return networkSeen(await askNetwork(process.pid, true).answers, namespacesOf('self').net!, true);
}

/** What netlink says of a running container's network. */
export async function containerNetwork(place: Place, name: string): Promise<NetworkSeen> {
  return (await place.xray(name, ['network'])).network!;
}

/**
 * The same, looked at again for two seconds until an interface and its other end are up: a kernel with many links to see to tells of a
 * state up to a second after both ends were switched on.
 */
export async function settledNetwork(place: Place, name: string, device: string): Promise<NetworkSeen> {
  for (let attempt = 0; ; attempt++) {
    const seen = await containerNetwork(place, name);
    const { state, peer } = seen.interfaces.find(one => one.name === device) ?? {};
    if (peer === undefined || (state === 'up' && peer.state === 'up') || attempt === 20) return seen;
    await sleep(100);
  }
}

/** Whether an address answers a container within five seconds. */
export async function answersPing(place: Place, name: string, address: string): Promise<boolean> {
  try {
    await place.minidock('exec', name, 'ping', '-c', '1', '-W', '5', address);
    return true;
  } catch {
    return false;
  }
}

/** IFF_UP of an interface of the host: what `ip link set … up` sets. A bridge without a port that is up has no carrier all the same. */
export function isSwitchedOn(name: string): boolean {
  const flags = fs.readFileSync(`/sys/class/net/${name}/flags`, 'utf8');
  return (Number(flags) & 1) === 1;
}

/** The address of an IPv4 interface: `10.1.2.3/24`. */
export const ipv4Of = (one: Interface | undefined) => (one?.addresses ?? []).filter(address => !address.includes(':'));
