import { isIPv6 } from 'node:net';
import os from 'node:os';
import { call, close } from '../../syscalls/calls.ts';
import { runHost } from '../../syscalls/shim.ts';
import { program, slot } from '../../syscalls/step.ts';
import { AF } from '../../syscalls/uapi/flags.ts';
import { type Connection, readConnections } from '../conntrack/table.ts';
import type { Published } from '../firewall/port-rules.ts';
import { addressBytes } from '../ipv4.ts';
import { attribute, encode, type Message, NETLINK_NETFILTER, NLM_F, openNetlink, u8, u16 } from '../netlink/netlink.ts';
import { anyAddress } from './ports.ts';

/**
 * A UDP flow in connection tracking. Only its first packet passes the nat table; the translation chosen then holds for as long
 * as packets come, whatever happens to the rules.
 */
export interface Flow {
  readonly source: string;
  readonly sourcePort: number;
  /** Where the client sends to, before translation. */
  readonly destination: string;
  readonly destinationPort: number;
  /** Who answers: the destination after translation. */
  readonly server: string;
  readonly serverPort: number;
}

/** The flows of UDP over IPv4. */
export function flowsIn(connections: readonly Connection[]): Flow[] {
  return connections.flatMap(({ protocol, original: { source, destination }, reply: { source: server } }) => {
    if (protocol !== 'udp' || isIPv6(source.address)) return [];
    if (source.port === undefined || destination.port === undefined || server.port === undefined) return [];
    return [
      {
        source: source.address,
        sourcePort: source.port,
        destination: destination.address,
        destinationPort: destination.port,
        server: server.address,
        serverPort: server.port,
      },
    ];
  });
}

/** Flows to a container whose ports are no longer published. */
export function flowsOfRemoved(flows: readonly Flow[], { address, ports }: Omit<Published, 'shortId'>): Flow[] {
  return flows.filter(flow => flow.server === address && ports.some(port => isFor(flow, port)));
}

/** Flows that began before the ports were published, so that they do not reach the container. */
export function flowsBefore(
  flows: readonly Flow[],
  { address, ports }: Omit<Published, 'shortId'>,
  isLocal: (address: string) => boolean,
): Flow[] {
  return flows.filter(
    flow =>
      isLocal(flow.destination) &&
      ports.some(port => isFor(flow, port) && !(flow.server === address && flow.serverPort === port.containerPort)),
  );
}

const isFor = (flow: Flow, { hostIp, hostPort, protocol }: Published['ports'][number]): boolean =>
  protocol === 'udp' && flow.destinationPort === hostPort && (hostIp === anyAddress || hostIp === flow.destination);

/**
 * Makes the kernel forget flows that became wrong when a container's ports were published or removed just now; their next
 * packet passes the nat table again. Nothing is done where the kernel tracks no connections.
 */
export async function forget(ports: Omit<Published, 'shortId'>, when: 'published' | 'removed'): Promise<void> {
  const flows = flowsIn((await readConnections()) ?? []);
  const wrong = when === 'removed' ? flowsOfRemoved(flows, ports) : flowsBefore(flows, ports, localAddresses());
  if (wrong.length > 0) await runHost(deleteFlows(wrong));
}

function localAddresses(): (address: string) => boolean {
  const known = new Set(
    Object.values(os.networkInterfaces())
      .flat()
      .map(one => one?.address),
  );
  return address => address.startsWith('127.') || known.has(address);
}

/** <linux/netfilter/nfnetlink.h>, nfnetlink_conntrack.h: a type is the subsystem in its high byte, and what is asked of it. */
const IPCTNL_MSG_CT_DELETE = (1 << 8) | 2;
const NLA_F_NESTED = 0x8000;
const CTA = {
  TUPLE_ORIG: 1,
  TUPLE_IP: 1,
  TUPLE_PROTO: 2,
  IP_V4_SRC: 1,
  IP_V4_DST: 2,
  NUM: 1,
  SRC_PORT: 2,
  DST_PORT: 3,
};
const IPPROTO_UDP = 17;

/** The host-only program that deletes flows. No answer is asked for: a flow that has ended meanwhile is no failure. */
function deleteFlows(flows: readonly Flow[]) {
  const socket = slot('netfilter');
  const about = { lesson: 'published-ports', group: 'flows' } as const;
  return program({
    host: [
      openNetlink(
        socket,
        { ...about, why: { en: 'open a socket to connection tracking', zh: '打开通向连接跟踪的套接字' } },
        NETLINK_NETFILTER,
      ),
      ...flows.map(flow => {
        const { data } = encode(deleteFlow(flow), 1);
        return call('sendto', [socket, data, data.bytes.length, 0, 0, 0], {
          ...about,
          why: {
            en: 'forget a flow of UDP: its next packet meets the rules',
            zh: '忘掉一条 UDP 流：它的下一个包会重新经过规则',
          },
        });
      }),
      close(socket, { ...about, why: { en: 'all are forgotten', zh: '全部都已忘掉' } }),
    ],
  });
}

function deleteFlow({ source, sourcePort, destination, destinationPort }: Flow): Message {
  const port = (number: number) => Uint8Array.of(number >>> 8, number & 0xff);
  return {
    type: IPCTNL_MSG_CT_DELETE,
    flags: NLM_F.NLM_F_REQUEST,
    content: [
      // struct nfgenmsg: family, version 0, no resource.
      u8(AF.AF_INET),
      u8(0),
      u16(0),
      attribute(
        CTA.TUPLE_ORIG | NLA_F_NESTED,
        attribute(
          CTA.TUPLE_IP | NLA_F_NESTED,
          attribute(CTA.IP_V4_SRC, addressBytes(source)),
          attribute(CTA.IP_V4_DST, addressBytes(destination)),
        ),
        attribute(
          CTA.TUPLE_PROTO | NLA_F_NESTED,
          attribute(CTA.NUM, u8(IPPROTO_UDP)),
          attribute(CTA.SRC_PORT, port(sourcePort)),
          attribute(CTA.DST_PORT, port(destinationPort)),
        ),
      ),
    ],
    words: `delete flow udp ${source}:${sourcePort} to ${destination}:${destinationPort}`,
  };
}
