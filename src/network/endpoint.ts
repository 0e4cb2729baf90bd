import { close, open } from '../syscalls/calls.ts';
import { type Program, program, type Slot, type Step, slot } from '../syscalls/step.ts';
import type { Text } from '../syscalls/text/language.ts';
import { O } from '../syscalls/uapi/flags.ts';
import { exchange, openNetlink, type Request } from './netlink/netlink.ts';
import {
  addDefaultRoute,
  addVeth,
  replaceAddress,
  replaceDefaultRoute,
  setHairpin,
  setIsolated,
  setMasterUp,
  setUp,
  showLink,
} from './netlink/rtnetlink.ts';

/** A container's connection to a bridge, as the program makes it. */
export interface Endpoint {
  readonly bridge: string;
  readonly address: string;
  readonly prefixLength: number;
  readonly gateway: string;
  readonly macAddress: string;
  /** The host's end of the veth pair: see `hostInterfaceOf`. */
  readonly hostInterface: string;
  /** Index of the interface in the container: see `containerIndex`. 0: the kernel chooses. */
  readonly index: number;
  /** Name of the interface in the container, by default `eth0`. */
  readonly interface?: string;
  /** `none`: the default route leads elsewhere. `replace`: it replaces that of another endpoint. By default it is added. */
  readonly route?: 'none' | 'replace';
  /** In bytes; by default the kernel's 1500. */
  readonly mtu?: number;
  /** A port of the bridge that is isolated (Linux 4.18): no packet passes to other isolated ports. */
  readonly isolated?: boolean;
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
  const { hostInterface, bridge, interface: name = 'eth0', mtu } = endpoint;
  const own = showLink(name);
  const index = endpoint.index || own.index;
  return {
    host: [
      open('/proc/self/ns/net', O.O_RDONLY, {
        ...bridgeLesson,
        groupWhy: {
          en: 'hold the network of the host: the child creates the other end of the cable there',
          zh: '留住宿主机的网络：子进程要在那里创建网线的另一端',
        },
        why: {
          en: 'hold the network namespace of the host, in which the peer is created',
          zh: '打开宿主机的网络命名空间，对端接口要创建在里面',
        },
        save: hostNamespace,
      }),
      openNetlink(hostNetlink, {
        ...bridgeLesson,
        why: {
          en: "a netlink socket keeps the namespace it was opened in: this one stays the host's",
          zh: 'netlink 套接字始终属于打开它时的命名空间：这一个属于宿主机',
        },
      }),
    ],
    parent: dropped([hostNetlink, hostNamespace], {
      en: 'the child has its own copy of this descriptor, so the supervisor closes it',
      zh: '子进程已有这个描述符的副本，监管进程关闭自己的这一份',
    }),
    child: [
      openNetlink(netlink, {
        ...bridgeLesson,
        groupWhy: {
          en: `a veth cable joins ${name} to ${bridge}; address ${endpoint.address}${routeOf(endpoint, ', default route by ')}`,
          zh: `一根 veth 网线把 ${name} 接到 ${bridge}；地址 ${endpoint.address}${routeOf(endpoint, '，默认路由经过 ')}`,
        },
        why: {
          en: 'open a netlink socket in the new, still empty network namespace',
          zh: '在新的、还空着的网络命名空间里打开 netlink 套接字',
        },
      }),
      ...exchange(
        netlink,
        [
          {
            message: addVeth({
              name,
              index: endpoint.index,
              mtu,
              mac: endpoint.macAddress,
              peer: hostInterface,
              peerNamespace: hostNamespace,
            }),
            why: {
              en: `create a veth pair, a cable: ${name} here, ${hostInterface} on the host`,
              zh: `创建一对 veth，就像一根网线：这里是 ${name}，宿主机那端是 ${hostInterface}`,
            },
          },
          ...(endpoint.index
            ? []
            : [
                {
                  message: own.message,
                  why: { en: `ask for the index that the kernel gave ${name}`, zh: `查询内核给 ${name} 的接口编号` },
                },
              ]),
        ],
        bridgeLesson,
      ),
      ...plug(hostNetlink, endpoint),
      ...exchange(
        netlink,
        [
          {
            message: setUp('lo'),
            why: {
              en: 'bring loopback up: 127.0.0.1 belongs to this namespace alone',
              zh: '启用回环接口：127.0.0.1 只属于这个命名空间',
            },
          },
          {
            message: replaceAddress(name, index, endpoint.address, endpoint.prefixLength),
            why: {
              en: `give ${name} its address in the subnet of ${bridge}`,
              zh: `给 ${name} 设置 ${bridge} 子网里的地址`,
            },
          },
          {
            message: setUp(name),
            why: {
              en: `bring ${name} up: routes can only use an interface that is up`,
              zh: `启用 ${name}：路由只能使用已启用的接口`,
            },
          },
          ...wayOut(endpoint),
        ],
        bridgeLesson,
      ),
      ...dropped([netlink, hostNetlink, hostNamespace], {
        en: 'close the descriptor: no way back to the network of the host stays in the container',
        zh: '关闭描述符：容器里不留回到宿主机网络的路',
      }),
    ],
  };
}

/** The messages for the default route, where it leads through this endpoint. */
function wayOut({ gateway, route }: Endpoint): Request[] {
  if (route === 'none') return [];
  const why = { en: 'send all other traffic through the bridge to the host', zh: '其余流量都经过网桥送往宿主机' };
  return [{ message: route === 'replace' ? replaceDefaultRoute(gateway) : addDefaultRoute(gateway), why }];
}

const routeOf = ({ gateway, route }: Endpoint, words: string) => (route === 'none' ? '' : words + gateway);

/** Connects the host's end of the veth pair to the bridge. `netlink` is a socket in the host's namespace. */
function plug(
  netlink: Slot,
  { hostInterface, bridge, isolated }: Pick<Endpoint, 'hostInterface' | 'bridge' | 'isolated'>,
): Step[] {
  const bridgeLink = showLink(bridge);
  const port = showLink(hostInterface);
  return exchange(
    netlink,
    [
      {
        message: bridgeLink.message,
        why: { en: `ask for the index of the bridge ${bridge}`, zh: `查询网桥 ${bridge} 的接口编号` },
      },
      {
        message: setMasterUp(hostInterface, bridgeLink.index),
        why: {
          en: `attach ${hostInterface} to ${bridge} and bring it up`,
          zh: `把 ${hostInterface} 接到 ${bridge} 上并启用`,
        },
      },
      {
        message: port.message,
        why: {
          en: `ask for the index of ${hostInterface}, by which the bridge takes settings`,
          zh: `查询 ${hostInterface} 的接口编号，网桥按编号接受设置`,
        },
      },
      {
        message: setHairpin(hostInterface, port.index),
        why: {
          en: 'let the container reach itself through a published port of the host',
          zh: '让容器可以经由宿主机发布的端口访问自己',
        },
      },
      ...(isolated
        ? [
            {
              message: setIsolated(hostInterface, port.index),
              why: {
                en: 'the bridge passes nothing between this port and those of other containers',
                zh: '网桥不在这个端口与其他容器的端口之间转发任何东西',
              },
            },
          ]
        : []),
    ],
    bridgeLesson,
  );
}

/** The host-only program that connects the host's end of a veth pair to its bridge again. */
export function replug(endpoint: Parameters<typeof plug>[1]): Program {
  const netlink = slot('netlink');
  return program({
    host: [
      openNetlink(netlink, {
        ...bridgeLesson,
        why: { en: 'open a netlink socket in the network of the host', zh: '在宿主机的网络里打开 netlink 套接字' },
      }),
      ...plug(netlink, endpoint),
    ],
  });
}

/** `--network none`: a network namespace with nothing but its own loopback. */
export function loopbackOnly(): NetworkSteps {
  const netlink = slot('netlink');
  return {
    host: [],
    parent: [],
    child: [
      openNetlink(netlink, {
        ...loopbackLesson,
        why: {
          en: 'open a netlink socket in the new network namespace',
          zh: '在新的网络命名空间里打开 netlink 套接字',
        },
      }),
      ...exchange(
        netlink,
        [
          {
            message: setUp('lo'),
            why: {
              en: 'bring loopback up: every new namespace has it, but down',
              zh: '启用回环接口：每个新的命名空间都有它，但没有启用',
            },
          },
        ],
        loopbackLesson,
      ),
      close(netlink, {
        ...loopbackLesson,
        why: {
          en: 'loopback is up, so the netlink socket is not needed',
          zh: '回环接口已启用，不再需要 netlink 套接字',
        },
      }),
    ],
  };
}

function dropped(descriptors: readonly Slot[], why: Text): Step[] {
  return descriptors.map(descriptor => close(descriptor, { ...bridgeLesson, why }));
}

/**
 * The name of the host's end of a container's interface `eth` + number. It fits the kernel's 15 bytes and shows the container
 * by the first seven digits of its id; from `eth1` on the number follows.
 */
export function hostInterfaceOf(containerId: string, number = 0): string {
  return `veth${containerId.slice(0, 7)}${number === 0 ? '' : `-${number}`}`;
}

/** Devices that some kernels put into each new network namespace, where their modules are loaded. */
const fallbackDevices = ['tunl0', 'sit0', 'gre0', 'gretap0', 'erspan0', 'ip6tnl0', 'ip6gre0', 'ip_vti0', 'ip6_vti0'];

/**
 * The interface index for `eth0`. The program sets it, so that the message that adds the address can name it: 2, next
 * to loopback, or a number above all fallback devices where the host shows some (`interfaces` of /sys/class/net).
 */
export function containerIndex(interfaces: readonly string[]): number {
  return interfaces.some(name => fallbackDevices.includes(name)) ? 64 : 2;
}
