import { type ExistingNamespace, enterNamespace, holdNamespace } from '../../container/process/enter.ts';
import type { Endpoint } from '../../network/endpoint.ts';
import { exchange, openNetlink } from '../../network/netlink/netlink.ts';
import { deleteLink, replaceDefaultRoute } from '../../network/netlink/rtnetlink.ts';
import { close } from '../../syscalls/calls.ts';
import { type Program, program, type Slot, type Step, slot } from '../../syscalls/step.ts';
import type { Pieces } from './pieces.ts';

const about = { lesson: 'veth-and-bridge', group: 'network' } as const;

/** Connects a running container: the shim enters its network namespace and does there what the child does at a start. */
export function compileConnect(endpoint: Endpoint, namespace: ExistingNamespace, pieces: Pieces): Program {
  const { host, child } = pieces.vethPair(endpoint);
  return program({ host: [...host, ...enter(namespace), ...child] });
}

/**
 * Takes an endpoint away from a running container.
 *
 * @param hostInterface the cable's end on the host; undefined where it is gone
 * @param gateway of the network through which the default route leads from now on
 */
export function compileDisconnect(
  hostInterface: string | undefined,
  gateway: string | undefined,
  namespace: ExistingNamespace,
): Program {
  return program({
    host: [
      ...(hostInterface === undefined ? [] : unplug(hostInterface)),
      ...(gateway === undefined ? [] : [...enter(namespace), ...leadOut(gateway)]),
    ],
  });
}

function enter(namespace: ExistingNamespace): Step[] {
  const held = new Map<string, Slot>();
  return [...holdNamespace('net', namespace, held), ...enterNamespace('net', held.get('net'))];
}

function unplug(hostInterface: string): Step[] {
  const netlink = slot('hostNetlink');
  return [
    openNetlink(netlink, {
      ...about,
      why: {
        en: 'open a netlink socket in the network namespace of the host',
        zh: '在宿主机的网络命名空间里打开 netlink 套接字',
      },
    }),
    ...exchange(
      netlink,
      [
        {
          message: deleteLink(hostInterface),
          why: {
            en: `delete ${hostInterface}: the other end of the cable, in the container, goes with it`,
            zh: `删除 ${hostInterface}：网线在容器里的那一端随之消失`,
          },
        },
      ],
      about,
    ),
    close(netlink, {
      ...about,
      why: { en: 'the cable is gone, so the socket is closed', zh: '网线已经没有了，关闭套接字' },
    }),
  ];
}

function leadOut(gateway: string): Step[] {
  const netlink = slot('netlink');
  return [
    openNetlink(netlink, {
      ...about,
      why: {
        en: 'open a netlink socket in the network namespace of the container',
        zh: '在容器的网络命名空间里打开 netlink 套接字',
      },
    }),
    ...exchange(
      netlink,
      [
        {
          message: replaceDefaultRoute(gateway),
          why: {
            en: `send all other traffic by ${gateway}: the network that led out before is gone`,
            zh: `其余流量改经 ${gateway}：先前通往外面的网络已经断开`,
          },
        },
      ],
      about,
    ),
  ];
}
