import { close, writeFile } from '../syscalls/calls.ts';
import { StepError } from '../syscalls/failure.ts';
import { runHost } from '../syscalls/shim.ts';
import { type Program, program, type Step, slot } from '../syscalls/step.ts';
import type { Text } from '../syscalls/text/language.ts';
import { macOf } from './ipv4.ts';
import { networkError } from './netlink/failure.ts';
import { exchange, openNetlink } from './netlink/netlink.ts';
import { addBridge, deleteLink, replaceAddress, setAlias, setMtu, setUp, showLink } from './netlink/rtnetlink.ts';
import type { Network } from './network.ts';

const about = { lesson: 'veth-and-bridge', group: 'bridge' } as const;
const openSocket = (netlink: ReturnType<typeof slot>): Step =>
  openNetlink(netlink, {
    ...about,
    why: {
      en: 'open a netlink socket in the network namespace of the host',
      zh: '在宿主机的网络命名空间里打开 netlink 套接字',
    },
  });

/** The settings that a bridge must have, as paths below /proc/sys/net and values. */
export function bridgeSettings(bridge: string): Readonly<Record<string, string>> {
  return {
    'ipv4/ip_forward': '1',
    [`ipv4/conf/${bridge}/route_localnet`]: '1',
    [`ipv6/conf/${bridge}/accept_ra`]: '0',
  };
}

/**
 * The host-only program that makes the bridge, or repairs one that exists: each step may be repeated. `ipv6` says whether the
 * kernel has it.
 */
export function bridgeProgram(
  { bridge, gateway, subnet, mtu }: Network,
  alias: string,
  { ipv6 }: { ipv6: boolean },
): Program {
  const netlink = slot('netlink');
  const link = showLink(bridge);
  const settings = bridgeSettings(bridge);
  const set = (name: string, why: Text) =>
    writeFile(`/proc/sys/net/${name}`, settings[name]!, slot(name), { ...about, why });
  return program({
    host: [
      openSocket(netlink),
      ...exchange(
        netlink,
        [
          {
            message: addBridge(bridge, macOf(gateway)),
            why: {
              en: 'create the bridge with a MAC address of its own; otherwise its ports would change it',
              zh: '创建网桥，并给它自己的 MAC 地址；否则地址会随端口而变',
            },
          },
          {
            message: setAlias(bridge, alias),
            why: {
              en: 'name the owner of the bridge, for people and for `system prune`',
              zh: '写明网桥属于谁，供人查看，也供 `system prune` 使用',
            },
          },
          { message: link.message, why: { en: 'ask for the index of the bridge', zh: '查询网桥的接口编号' } },
          {
            message: replaceAddress(bridge, link.index, gateway, subnet.prefixLength),
            why: {
              en: 'give the host its address in the subnet: the gateway of every container',
              zh: '给宿主机设置子网里的地址：它是每个容器的网关',
            },
          },
        ],
        about,
      ),
      ...(mtu === undefined
        ? []
        : exchange(
            netlink,
            [
              {
                message: setMtu(bridge, mtu),
                why: { en: 'frames of the network are no longer than this', zh: '这个网络的帧不超过这个长度' },
              },
            ],
            about,
          )),
      ...(ipv6
        ? set(`ipv6/conf/${bridge}/accept_ra`, {
            en: 'ignore containers that claim to be IPv6 routers (CVE-2020-13401)',
            zh: '忽略自称 IPv6 路由器的容器（CVE-2020-13401）',
          })
        : []),
      ...exchange(netlink, [{ message: setUp(bridge), why: { en: 'bring the bridge up', zh: '启用网桥' } }], about),
      close(netlink, {
        ...about,
        why: { en: 'the bridge is up, so the netlink socket is not needed', zh: '网桥已启用，不再需要 netlink 套接字' },
      }),
      ...set('ipv4/ip_forward', {
        en: 'let the host route between the bridge and other networks',
        zh: '让宿主机在网桥与其他网络之间转发',
      }),
      ...set(`ipv4/conf/${bridge}/route_localnet`, {
        en: 'let connections to 127.0.0.1 be translated to a container',
        zh: '允许把发往 127.0.0.1 的连接转换到容器',
      }),
    ],
  });
}

/** The host-only program that deletes a bridge. */
export function deleteProgram(bridge: string): Program {
  const netlink = slot('netlink');
  return program({
    host: [
      openSocket(netlink),
      ...exchange(
        netlink,
        [
          {
            message: deleteLink(bridge),
            why: {
              en: 'delete the bridge; interfaces that are still attached to it are released',
              zh: '删除网桥；仍接在上面的接口会被断开',
            },
          },
        ],
        about,
      ),
    ],
  });
}

/** Runs the program. The kernel's errors are reported in the words of `ip`. */
export async function runProgram(hostOnly: Program): Promise<void> {
  try {
    await runHost(hostOnly);
  } catch (error) {
    throw (error instanceof StepError && networkError(error)) || error;
  }
}
