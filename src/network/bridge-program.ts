import { close, writeFile } from '../syscalls/calls.ts';
import { StepError } from '../syscalls/failure.ts';
import { runHost } from '../syscalls/shim.ts';
import { type Program, program, type Step, slot } from '../syscalls/step.ts';
import { macOf } from './ipv4.ts';
import { networkError } from './netlink/failure.ts';
import { exchange, openNetlink } from './netlink/netlink.ts';
import { addBridge, deleteLink, replaceAddress, setAlias, setUp, showLink } from './netlink/rtnetlink.ts';
import type { Network } from './network.ts';

const about = { lesson: 'veth-and-bridge', group: 'bridge' } as const;
const openSocket = (netlink: ReturnType<typeof slot>): Step =>
  openNetlink(netlink, { ...about, why: "a routing socket in the host's network namespace" });

/** The settings that a bridge must have, as paths below /proc/sys/net and values. */
export function bridgeSettings(bridge: string): Readonly<Record<string, string>> {
  return {
    'ipv4/ip_forward': '1',
    [`ipv4/conf/${bridge}/route_localnet`]: '1',
    [`ipv6/conf/${bridge}/accept_ra`]: '0',
  };
}

/**
 * The host-only program that makes the bridge, or mends one that is there: each of its steps may be done twice. `ipv6` says
 * whether the kernel has it.
 */
export function bridgeProgram(
  { bridge, gateway, subnet }: Network,
  alias: string,
  { ipv6 }: { ipv6: boolean },
): Program {
  const netlink = slot('netlink');
  const link = showLink(bridge);
  const settings = bridgeSettings(bridge);
  const set = (name: string, why: string) =>
    writeFile(`/proc/sys/net/${name}`, settings[name]!, slot(name), { ...about, why });
  return program({
    host: [
      openSocket(netlink),
      ...exchange(
        netlink,
        [
          {
            message: addBridge(bridge, macOf(gateway)),
            why: 'a switch in the kernel, with an address of its own: else it takes the lowest of its ports and changes it',
          },
          { message: setAlias(bridge, alias), why: 'whose it is, for people and for `system prune`' },
          { message: link.message, why: 'find its index' },
          {
            message: replaceAddress(bridge, link.index, gateway, subnet.prefixLength),
            why: "the host's own address in the subnet: the gateway of every container",
          },
        ],
        about,
      ),
      ...(ipv6
        ? set(`ipv6/conf/${bridge}/accept_ra`, 'a container that says it is a router is not believed (CVE-2020-13401)')
        : []),
      ...exchange(netlink, [{ message: setUp(bridge), why: 'and on' }], about),
      close(netlink, { ...about, why: 'not needed any more' }),
      ...set('ipv4/ip_forward', 'the host routes between the bridge and the world'),
      ...set(`ipv4/conf/${bridge}/route_localnet`, 'connections to 127.0.0.1 may be translated to a container'),
    ],
  });
}

/** The host-only program that takes a bridge away. */
export function deleteProgram(bridge: string): Program {
  const netlink = slot('netlink');
  return program({
    host: [
      openSocket(netlink),
      ...exchange(
        netlink,
        [{ message: deleteLink(bridge), why: 'the bridge goes; ports that are left are unplugged' }],
        about,
      ),
    ],
  });
}

/** Runs the program. Errors of the kernel are reported in the words of `ip`. */
export async function runProgram(hostOnly: Program): Promise<void> {
  try {
    await runHost(hostOnly);
  } catch (error) {
    throw (error instanceof StepError && networkError(error)) || error;
  }
}
