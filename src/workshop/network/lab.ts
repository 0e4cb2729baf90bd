import { pieces } from '../../engine/compile/pieces.ts';
import { containerIndex, type Endpoint, hostInterfaceOf } from '../../network/endpoint.ts';
import { macOf, parseSubnet } from '../../network/ipv4.ts';
import { exchange, openNetlink } from '../../network/netlink/netlink.ts';
import { addBridge, addVeth, replaceAddress, setMasterUp, setUp, showLink } from '../../network/netlink/rtnetlink.ts';
import { type Network, networkOf } from '../../network/network.ts';
import { call, open, writeFile } from '../../syscalls/calls.ts';
import { type Slot, type Step, slot } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { CLONE, O } from '../../syscalls/uapi/flags.ts';
import { labGroup } from './hidden.ts';

/**
 * The machines of the lessons on networks: a host, and beside it one machine more. Each is a network namespace that the
 * lesson's own program makes, so no interface, address or rule of the learner's host is touched, and all of them end with
 * the program's processes.
 */

const about = { lesson: 'veth-and-bridge', group: labGroup } as const;
const wire: Text = { en: 'connect it by a veth pair', zh: '用一对 veth 接上它' };
const giveAddress: Text = { en: 'give it an address', zh: '给它一个地址' };
const switchOn: Text = { en: 'bring the interface up', zh: '启用接口' };

/** The engine's bridge, as it is where nothing else has taken the first of its subnets. */
export const network: Network = networkOf(
  { root: '/nowhere', execRoot: '/nowhere' },
  'minidock0',
  parseSubnet('172.18.0.0/16'),
);

/** The container's connection. `interfaces` are the host's, of /sys/class/net: see `containerIndex`. */
export function endpointOf(interfaces: readonly string[], address = '172.18.0.2', id = 'c0ffee0'): Endpoint {
  return {
    bridge: network.bridge,
    address,
    prefixLength: network.subnet.prefixLength,
    gateway: network.gateway,
    macAddress: macOf(address),
    hostInterface: hostInterfaceOf(id),
    index: containerIndex(interfaces),
  };
}

/** A network namespace, held by descriptor, and a routing socket into it. */
interface Machine {
  readonly namespace: Slot;
  readonly netlink: Slot;
}

/** Puts the program into a new network namespace, which stays when the program enters the next. */
export function newMachine(name: string, why: Text): { machine: Machine; steps: Step[] } {
  const machine = { namespace: slot(`netns of ${name}`), netlink: slot(`netlink of ${name}`) };
  return {
    machine,
    steps: [
      call('unshare', [CLONE.CLONE_NEWNET], { ...about, groupWhy: why, why }),
      open('/proc/self/ns/net', O.O_RDONLY, {
        ...about,
        why: { en: 'a descriptor keeps the namespace', zh: '用描述符留住这个命名空间' },
        save: machine.namespace,
      }),
      openNetlink(machine.netlink, {
        ...about,
        why: {
          en: 'a routing socket stays in the namespace that it was opened in',
          zh: '路由套接字属于打开它时所在的命名空间',
        },
      }),
      ...exchange(
        machine.netlink,
        [{ message: setUp('lo'), why: { en: 'bring its loopback up', zh: '启用它的回环接口' } }],
        about,
      ),
    ],
  };
}

/** A host of the lesson's own, as its kernel made it. */
export function bareHost(): { machine: Machine; steps: Step[] } {
  return newMachine('the host', {
    en: 'a host of this lesson’s own: a new network namespace, so that your host is not touched',
    zh: '本课自己的主机：一个新的网络命名空间，不动你的宿主机',
  });
}

/** A host of the lesson's own. It forwards nothing, as a fresh Linux. */
export function ownHost(): { machine: Machine; steps: Step[] } {
  const { machine, steps } = bareHost();
  return {
    machine,
    steps: [
      ...steps,
      ...writeFile('/proc/sys/net/ipv4/ip_forward', '0', slot('ip_forward'), {
        ...about,
        why: { en: 'it is no router yet', zh: '它还不是路由器' },
      }),
    ],
  };
}

/** The engine's bridge on the host that the program is in. */
function bridgeSteps(): readonly Step[] {
  return pieces.bridgeProgram(network, 'minidock of this lesson', { ipv6: false }).host;
}

/** A bridge with its address and nothing more, for exercises: their host's settings in /proc/sys cannot be written. */
export function bridgeFor({ bridge, gateway, prefixLength }: Omit<Endpoint, 'index'>): Step[] {
  const netlink = slot('netlink');
  const link = showLink(bridge);
  return [
    openNetlink(netlink, { ...about, why: { en: 'a socket to the host’s network', zh: '通向主机网络的套接字' } }),
    ...exchange(
      netlink,
      [
        { message: addBridge(bridge, macOf(gateway)), why: { en: 'create the bridge', zh: '创建网桥' } },
        { message: link.message, why: { en: 'find the bridge', zh: '找到网桥' } },
        { message: replaceAddress(bridge, link.index, gateway, prefixLength), why: giveAddress },
        { message: setUp(bridge), why: switchOn },
      ],
      about,
    ),
  ];
}

/** Host, bridge, and on the bridge a second container without a process: the kernel answers for it. */
export function hostWithNeighbour(interfaces: readonly string[], address = '172.18.0.3'): Step[] {
  const index = containerIndex(interfaces);
  const neighbour = newMachine('the neighbour', {
    en: 'a second container: a network namespace with nobody in it',
    zh: '第二个容器：一个里面没有进程的网络命名空间',
  });
  const host = ownHost();
  const port = hostInterfaceOf('decaf00');
  const bridge = showLink(network.bridge);
  const cable = { name: 'eth0', index, mac: macOf(address), peer: port, peerNamespace: host.machine.namespace };
  return [
    ...neighbour.steps,
    ...host.steps,
    ...bridgeSteps(),
    ...exchange(neighbour.machine.netlink, [{ message: addVeth(cable), why: wire }], about),
    ...exchange(
      host.machine.netlink,
      [
        { message: bridge.message, why: { en: 'find the bridge', zh: '找到网桥' } },
        { message: setMasterUp(port, bridge.index), why: { en: 'plug it into the bridge', zh: '插进网桥' } },
      ],
      about,
    ),
    ...exchange(
      neighbour.machine.netlink,
      [
        { message: replaceAddress('eth0', index, address, network.subnet.prefixLength), why: giveAddress },
        { message: setUp('eth0'), why: switchOn },
      ],
      about,
    ),
  ];
}

/** The host's wire to the outside, and the machine on it, which knows no way to containers. */
export const outside = { host: '203.0.113.1', client: '203.0.113.9', prefixLength: 24, interface: 'wan0' } as const;

/**
 * Host and bridge, and a client on the host's other wire.
 *
 * @param host and `bridge`: for exercises, whose host can write no settings in /proc/sys, `bareHost` and `bridgeFor`
 */
export function hostWithClient(interfaces: readonly string[], host = ownHost(), bridge = bridgeSteps()): Step[] {
  const index = containerIndex(interfaces);
  const client = newMachine('the client', {
    en: 'a client: a network namespace that a cable connects with the host',
    zh: '客户机：一个网络命名空间，有一根网线通到主机',
  });
  const hostEnd = showLink(outside.interface);
  const { namespace: peerNamespace } = host.machine;
  const cable = { name: 'eth0', index, mac: macOf(outside.client), peer: outside.interface, peerNamespace };
  return [
    ...client.steps,
    ...host.steps,
    ...bridge,
    ...exchange(
      client.machine.netlink,
      [
        { message: addVeth(cable), why: wire },
        { message: replaceAddress('eth0', index, outside.client, outside.prefixLength), why: giveAddress },
        { message: setUp('eth0'), why: switchOn },
      ],
      about,
    ),
    ...exchange(
      host.machine.netlink,
      [
        { message: hostEnd.message, why: { en: 'find the end on the host', zh: '找到主机这一端' } },
        {
          message: replaceAddress(outside.interface, hostEnd.index, outside.host, outside.prefixLength),
          why: giveAddress,
        },
        { message: setUp(outside.interface), why: switchOn },
      ],
      about,
    ),
  ];
}
