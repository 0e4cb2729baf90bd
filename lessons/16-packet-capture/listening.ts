import fs from 'node:fs';
import path from 'node:path';
import { Follower } from '../../src/capture/follow.ts';
import { type Point, printEndpoint, type Visit } from '../../src/capture/model.ts';
import { decode, type Packet } from '../../src/capture/packet/decode.ts';
import { wordsFor } from '../../src/capture/packet/words.ts';
import { Surroundings } from '../../src/capture/surroundings.ts';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { missingRules } from '../../src/network/firewall/firewall.ts';
import { exchange, openNetlink } from '../../src/network/netlink/netlink.ts';
import { showLink } from '../../src/network/netlink/rtnetlink.ts';
import type { Port } from '../../src/network/ports/ports.ts';
import { call, store } from '../../src/syscalls/calls.ts';
import { struct } from '../../src/syscalls/data.ts';
import { type Program, program, type Step, slot } from '../../src/syscalls/step.ts';
import { AF, SO, SOCK, SOL_SOCKET } from '../../src/syscalls/uapi/flags.ts';
import { lessonProgram, type Stage } from '../../src/workshop/lesson.ts';
import { asPreparation, labGroup } from '../../src/workshop/network/hidden.ts';
import { endpointOf, hostWithClient, network, outside } from '../../src/workshop/network/lab.ts';
import { connect, doIn, ofContainer, type Place } from '../../src/workshop/network/namespaces.ts';
import type { Moment } from '../../src/workshop/play/evidence.ts';

const lesson = 'packet-capture' as const;
export const address = '172.18.0.2';
const published: Port = { hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' };

/** Where somebody listens, from outside inwards, each with the descriptor that the container's process finds it at. */
export const points = [
  { role: 'host', interface: outside.interface, name: outside.interface, fd: 21 },
  { role: 'bridge', interface: network.bridge, name: network.bridge, fd: 22 },
  { role: 'container', interface: 'eth0', name: 'web:eth0', container: 'web', fd: 23 },
] as const satisfies readonly (Point & { fd: number })[];
export const surroundings = new Surroundings(
  [
    {
      name: 'web',
      addresses: [address],
      macs: [],
      sharesHost: false,
      ports: [{ protocol: 'tcp', host: published.hostPort, container: published.containerPort }],
    },
  ],
  [outside.host, network.gateway],
);

/** Every protocol (ETH_P_ALL), in the byte order of the network: packet(7). */
export const everyProtocol = 0x0300;
/** The instructions of classic BPF that the filter needs: <linux/bpf_common.h>. */
export type Instruction = readonly [code: number, yes: number, no: number, value: number];

/** `tcp port PORT`, as `tcpdump -d` prints it: bytes of the frame are compared, and the end is how many of them are kept. */
export function tcpPort(port: number): readonly Instruction[] {
  const [ldh, ldb, jeq, msh, ldx, ret] = [0x28, 0x30, 0x15, 0xb1, 0x48, 0x06];
  return [
    [ldh, 0, 0, 12],
    [jeq, 0, 8, 0x0800],
    [ldb, 0, 0, 23],
    [jeq, 0, 6, 6],
    [msh, 0, 0, 14],
    [ldx, 0, 0, 14],
    [jeq, 2, 0, port],
    [ldx, 0, 0, 16],
    [jeq, 0, 1, port],
    [ret, 0, 0, 0xffff],
    [ret, 0, 0, 0],
  ];
}

const PACKET_HOST = 0;

/** struct sock_fprog: how many instructions, and where they are. */
function filterData(instructions: readonly Instruction[], words: string) {
  const code = struct(
    words,
    ...instructions.flatMap(([code, yes, no, value]) => [{ u16: code }, { u8: yes }, { u8: no }, { u32: value }]),
  );
  return struct(`{${instructions.length}: ${words}}`, { u16: instructions.length }, { pad: 6 }, { pointer: code });
}

export interface Listening {
  /** A filter of each socket. */
  readonly filter?: number;
  /** The protocol that is asked for. */
  readonly protocol?: number;
  /** The sockets stay with no interface. */
  readonly unbound?: boolean;
  /** Steps before the first socket of the host. */
  readonly before?: readonly Step[];
}

/** A packet socket at an interface of the namespace that the program is in; what it hears is found at `fd`. */
function listenAt({ interface: name, fd }: (typeof points)[number], { filter, protocol, unbound }: Listening): Step[] {
  const [netlink, socket] = [slot(`netlink for ${name}`), slot(`at ${name}`)];
  const link = showLink(name);
  // struct sockaddr_ll: family, protocol, index of the interface, and what only answers have.
  const at = struct(
    `{${name}}`,
    { u16: AF.AF_PACKET },
    { u16: protocol ?? everyProtocol },
    { u32: 0 },
    { u16: 0 },
    { u8: PACKET_HOST },
    { u8: 0 },
    { pad: 8 },
  );
  const about = { lesson };
  return [
    ...asPreparation([
      openNetlink(netlink, { lesson, group: labGroup, why: { en: 'a routing socket', zh: '路由套接字' } }),
      ...exchange(netlink, [{ message: link.message, why: { en: `the number of ${name}`, zh: `${name} 的编号` } }], {
        lesson,
        group: labGroup,
      }),
    ]),
    call('socket', [AF.AF_PACKET, SOCK.SOCK_RAW | SOCK.SOCK_NONBLOCK, protocol ?? everyProtocol], {
      ...about,
      why:
        protocol === undefined
          ? {
              en: 'a socket below IP: whole frames of every protocol; the number is ETH_P_ALL, 3, with its bytes swapped',
              zh: '一个在 IP 之下的套接字：收到的是任何协议的整个帧；那个数是 ETH_P_ALL（3）交换了两个字节',
            }
          : {
              en: 'the same socket; the number is ETH_P_ALL, 3, as the header file has it',
              zh: '同样的套接字；那个数是 ETH_P_ALL（3），和头文件里一样',
            },
      save: socket,
    }),
    ...(filter === undefined
      ? []
      : [
          call(
            'setsockopt',
            [socket, SOL_SOCKET, SO.SO_ATTACH_FILTER, filterData(tcpPort(filter), `tcp port ${filter}`), 16],
            {
              ...about,
              why: {
                en: 'SO_ATTACH_FILTER: the kernel runs this small program for each frame, and copies only what it takes',
                zh: 'SO_ATTACH_FILTER：内核对每个帧运行这段小程序，只复制它收下的',
              },
            },
          ),
        ]),
    ...(unbound
      ? []
      : [
          store(link.index, at, 4, 'u32', { ...about, why: { en: 'of this interface', zh: '指明这个接口' } }),
          call('bind', [socket, at, 20], {
            ...about,
            why: { en: `frames of ${name} alone`, zh: `只要 ${name} 的帧` },
          }),
        ]),
    call('dup3', [socket, fd, 0], {
      lesson,
      group: labGroup,
      why: { en: 'where the lesson’s process finds it', zh: '本课的进程在这里找到它' },
    }),
  ];
}

/** A host with a client on its wire and a container on its bridge, and somebody who listens at three places. */
export function listening({ command }: Stage, how: Listening = {}): Program {
  const interfaces = fs.readdirSync('/sys/class/net');
  const veth = pieces.vethPair(endpointOf(interfaces));
  const [host, bridge, container] = points;
  const base = lessonProgram({
    namespaces: ['pid', 'network'],
    child: [...asPreparation(veth.child), ...listenAt(container, how)],
    command,
  });
  return program({
    ...base,
    host: [
      ...asPreparation(hostWithClient(interfaces)),
      ...(how.before ?? []),
      ...listenAt(host, how),
      ...listenAt(bridge, how),
      ...asPreparation(veth.host),
      ...base.host,
      ...asPreparation(veth.parent),
    ],
  });
}

/**
 * A server at port 80. At port 81 it writes down what the three sockets have heard, a line a frame. The shell goes on once both
 * listen.
 */
export const server = `'${process.execPath}' -e "
  const fs = require('fs'), net = require('net'), frame = Buffer.alloc(65536);
  const heard = fd => {
    const lines = [];
    for (;;) try {
      lines.push(fd + ' ' + frame.toString('hex', 0, fs.readSync(fd, frame)));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      return lines;
    }
  };
  net.createServer(client => client.on('error', () => {}).end('hello ' + client.remoteAddress.replace('::ffff:', ''))).listen(80, '0.0.0.0', () =>
    net.createServer(client => {
      fs.writeFileSync(process.env.LESSON + '/frames', [${points.map(({ fd }) => fd).join()}].flatMap(heard).join('\\n'));
      client.end('written');
    }).listen(81, '127.0.0.1'))" &
until grep -q ':0051 00000000:0000 0A' /proc/net/tcp; do sleep 0.05; done
echo "a server listens on ${address}:80"`;

/** The rules of the engine for its bridge, and that of the published port. */
export function restoreRules(host: Place): void {
  const port = pieces.portRules(network.bridge, { shortId: 'c0ffee0c0ffe', address, ports: [published] });
  doIn(host, 'iptables-restore --noflush --wait=10', missingRules(network, ''));
  doIn(host, 'iptables-restore --noflush --wait=10', `*nat\n${port.map(rule => `-I ${rule}`).join('\n')}\nCOMMIT\n`);
}

/** What the three have heard of TCP since they were asked last. */
export function heard(container: Moment): Visit[] {
  const answer = connect(ofContainer(container), '127.0.0.1', 81);
  if (answer !== 'written') throw new Error(`the frames were not written down: ${answer}`);
  return readFrames(container.scratch);
}

/** What was written down the last time. */
export function readFrames(scratch: string): Visit[] {
  const lines = fs.readFileSync(path.join(scratch, 'frames'), 'utf8').split('\n');
  return lines
    .filter(line => line !== '')
    .map((line, i) => {
      const [fd, hex] = line.split(' ') as [string, string];
      const bytes = Buffer.from(hex, 'hex');
      const point = points.findIndex(one => one.fd === Number(fd));
      const frame = { point, time: BigInt(i), length: bytes.length, bytes };
      return { frame, packet: decode(1, bytes) };
    })
    .filter(({ packet }) => packet.protocol === 'tcp' && packet.destinationPort !== 81 && packet.sourcePort !== 81);
}

/** The frames of one packet each, in the order of its way, by the engine's own function. */
export function walksOf(visits: readonly Visit[]): Visit[][] {
  const follower = new Follower(points, surroundings);
  for (const visit of visits) follower.add(visit, 0);
  return follower.takeFinished(Number.POSITIVE_INFINITY);
}

/** The walk of the first packet with exactly these flags of TCP. */
export function walkOf(visits: readonly Visit[], ...flags: readonly string[]): Visit[] {
  const found = walksOf(visits).find(([first]) => first!.packet.tcp!.flags.join() === flags.join());
  if (found === undefined) throw new Error(`no packet with ${flags.join(' ')} was seen`);
  return found;
}

const endpoint = (address?: string, port?: number) => printEndpoint({ address: address ?? '?', ...(port && { port }) });
export const sourceOf = ({ source, sourcePort }: Packet) => endpoint(source, sourcePort);
export const destinationOf = ({ destination, destinationPort }: Packet) => endpoint(destination, destinationPort);

/** `wan0       203.0.113.9:40000 → 203.0.113.1:8080   TCP SYN  ttl 64` */
export function lineOf({ frame, packet }: Visit): string {
  const way = `${sourceOf(packet)} → ${destinationOf(packet)}`;
  return `${points[frame.point]!.name.padEnd(11)}${way.padEnd(44)}${wordsFor(packet)}, ttl ${packet.ttl}`;
}

/** What a packet was at a point; nothing where it did not come by. */
export function at(walk: readonly Visit[], role: Point['role']): Packet | undefined {
  return walk.find(({ frame }) => points[frame.point]!.role === role)?.packet;
}

/** How many frames were heard at a point. */
export function countAt(visits: readonly Visit[], role: Point['role']): number {
  return visits.filter(({ frame }) => points[frame.point]!.role === role).length;
}
