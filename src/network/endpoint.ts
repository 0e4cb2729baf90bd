import { close, open } from '../syscalls/calls.ts';
import { type Slot, type Step, slot } from '../syscalls/step.ts';
import { O } from '../syscalls/uapi/flags.ts';
import { exchange, openNetlink } from './netlink/netlink.ts';
import {
  addDefaultRoute,
  addVeth,
  replaceAddress,
  setHairpin,
  setMasterUp,
  setUp,
  showLink,
} from './netlink/rtnetlink.ts';

/** A container's connection to a bridge. */
export interface Endpoint {
  readonly bridge: string;
  readonly address: string;
  readonly prefixLength: number;
  readonly gateway: string;
  readonly macAddress: string;
  /** The end of the veth pair that stays with the host: `veth` and the first seven digits of the container's id. */
  readonly hostInterface: string;
  /** Index of `eth0`: see `containerIndex`. */
  readonly index: number;
}

/** Steps of one piece, by where they run: before clone, in the parent after clone, in the child. */
export interface NetworkSteps {
  readonly host: readonly Step[];
  readonly parent: readonly Step[];
  readonly child: readonly Step[];
}

const bridgeLesson = { lesson: 'veth-and-bridge', group: 'network' } as const;
const loopbackLesson = { lesson: 'network-modes', group: 'network' } as const;

/**
 * A veth pair between the container's new network namespace and the bridge.
 *
 * The child makes it, for both sides: it inherits a routing socket and a descriptor of the host's namespace, so the peer
 * is born there and nothing is moved (a move waits for the kernel's RCU and network notifiers: 20 ms). The
 * child drops both before it goes on.
 */
export function vethPair(endpoint: Endpoint): NetworkSteps {
  const hostNamespace = slot('hostNetns');
  const hostNetlink = slot('hostNetlink');
  const netlink = slot('netlink');
  const { hostInterface, bridge, index } = endpoint;
  const bridgeLink = showLink(bridge);
  const port = showLink(hostInterface);
  return {
    host: [
      open('/proc/self/ns/net', O.O_RDONLY, {
        ...bridgeLesson,
        groupWhy: "the host's network, for the child to make the cable's other end in",
        why: "keep the host's network namespace by descriptor: the peer is made in it",
        save: hostNamespace,
      }),
      openNetlink(hostNetlink, {
        ...bridgeLesson,
        why: "a routing socket keeps the namespace it was opened in: this one stays the host's",
      }),
    ],
    parent: dropped([hostNetlink, hostNamespace], "the child's by now"),
    child: [
      openNetlink(netlink, {
        ...bridgeLesson,
        groupWhy: `a cable from eth0 here to ${bridge} on the host; the address ${endpoint.address}, the way out by ${endpoint.gateway}`,
        why: 'a routing socket in the new, still empty network namespace',
      }),
      ...exchange(
        netlink,
        [
          {
            message: addVeth({
              name: 'eth0',
              index,
              mac: endpoint.macAddress,
              peer: hostInterface,
              peerNamespace: hostNamespace,
            }),
            why: `a cable: eth0 here, its other end ${hostInterface} on the host`,
          },
        ],
        bridgeLesson,
      ),
      ...exchange(
        hostNetlink,
        [
          { message: bridgeLink.message, why: `find the bridge ${bridge}` },
          { message: setMasterUp(hostInterface, bridgeLink.index), why: `plug ${hostInterface} into ${bridge}` },
          { message: port.message, why: `find ${hostInterface}: the bridge takes its settings by index` },
          {
            message: setHairpin(hostInterface, port.index),
            why: 'the container may reach itself through a published port of the host',
          },
        ],
        bridgeLesson,
      ),
      ...exchange(
        netlink,
        [
          { message: setUp('lo'), why: 'loopback: 127.0.0.1 of this namespace alone' },
          {
            message: replaceAddress('eth0', index, endpoint.address, endpoint.prefixLength),
            why: `the container's address in the subnet of ${bridge}`,
          },
          { message: setUp('eth0'), why: 'routes can only use an interface that is up' },
          { message: addDefaultRoute(endpoint.gateway), why: 'everything else goes through the bridge to the host' },
        ],
        bridgeLesson,
      ),
      ...dropped([netlink, hostNetlink, hostNamespace], "no way back to the host's network is left in the container"),
    ],
  };
}

/** `--network none`: a network namespace with nothing but its own loopback. */
export function loopbackOnly(): NetworkSteps {
  const netlink = slot('netlink');
  return {
    host: [],
    parent: [],
    child: [
      openNetlink(netlink, { ...loopbackLesson, why: 'a routing socket in the new network namespace' }),
      ...exchange(
        netlink,
        [{ message: setUp('lo'), why: 'loopback is there in every new namespace, but down' }],
        loopbackLesson,
      ),
      close(netlink, { ...loopbackLesson, why: 'not needed any more' }),
    ],
  };
}

function dropped(descriptors: readonly Slot[], why: string): Step[] {
  return descriptors.map(descriptor => close(descriptor, { ...bridgeLesson, why }));
}

/** The host's end for a container: its name fits the kernel's 15 bytes and leads back to the container. */
export function hostInterfaceOf(containerId: string): string {
  return `veth${containerId.slice(0, 7)}`;
}

/** Devices that some kernels put into each new network namespace, where their modules are loaded. */
const fallbackDevices = /^(tunl|sit|gre|gretap|erspan|ip6tnl|ip6gre|ip_vti|ip6_vti)0$/;

/**
 * The interface index for `eth0`. The program sets it, so that the message that adds the address can name it: 2, next
 * to loopback, or a number above all fallback devices where the host shows some (`interfaces` of /sys/class/net).
 */
export function containerIndex(interfaces: readonly string[]): number {
  return interfaces.some(name => fallbackDevices.test(name)) ? 64 : 2;
}
