import fs from 'node:fs';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { hostFacts } from '../../src/host/facts.ts';
import type { Mount } from '../../src/oci/runtime-spec.ts';
import { type Program, program, type Step } from '../../src/syscalls/step.ts';
import { type Lesson, lessonProgram, type Stage } from '../../src/workshop/lesson.ts';
import { asPreparation, hidesExchange } from '../../src/workshop/network/hidden.ts';
import { endpointOf, hostWithNeighbour, network } from '../../src/workshop/network/lab.ts';
import { swapMessages, withoutMessages } from '../../src/workshop/network/messages.ts';
import { askIn, linksOf, ofContainer, ofHost } from '../../src/workshop/network/namespaces.ts';
import { type Fact, type Listing, type Moment, said } from '../../src/workshop/play/evidence.ts';
import { figure } from './figure.ts';
import * as texts from './texts.ts';

const sysfs: Mount = {
  destination: '/sys',
  type: 'sysfs',
  source: 'sysfs',
  options: ['nosuid', 'noexec', 'nodev', 'ro'],
};
const neighbour = '172.18.0.3';
const columns = [
  { en: 'host of this lesson', zh: '本课的主机' },
  { en: 'container', zh: '容器' },
] as const;

interface Cabling {
  /** Of what prepares the lesson; the rest is shown in all programs. */
  readonly shown?: 'all' | 'cable' | 'nothing';
  /** Breaks the child's part of it. */
  readonly change?: (steps: readonly Step[]) => readonly Step[];
  /** With a mount namespace and a /sys of its own. */
  readonly sys?: boolean;
}

/** The cable of the engine, on a host with one more container. */
function cabled({ command }: Stage, { shown = 'all', change = steps => steps, sys = false }: Cabling = {}): Program {
  const interfaces = fs.readdirSync('/sys/class/net');
  const veth = pieces.vethPair(endpointOf(interfaces));
  const cable = shown === 'nothing' ? asPreparation : (steps: readonly Step[]) => steps;
  const lab = hostWithNeighbour(interfaces);
  const base = lessonProgram({
    namespaces: sys ? ['mount', 'network'] : ['network'],
    child: [
      ...(sys ? pieces.mountNamespace() : []),
      ...cable(change(veth.child)),
      ...(sys ? pieces.kernelMount(sysfs, hostFacts()) : []),
    ],
    command,
  });
  return program({
    ...base,
    host: [...(shown === 'all' ? lab : asPreparation(lab)), ...cable(veth.host), ...base.host, ...cable(veth.parent)],
  });
}

/** One frame to the bridge's own address, one to the neighbour’s: then the tables have something in them. */
const pings = `ping=$(command -v ping) || ping='busybox ping'
try() { $ping -c 1 -W 1 $1 > /dev/null 2>&1 && echo answers || echo 'does not answer'; }`;

const inside = `${pings}
echo "${network.gateway}, the gateway: $(try ${network.gateway})"
echo "${neighbour}, the neighbour: $(try ${neighbour})"
ip route`;

/** Whom the container asked for and which MAC it was told: its ARP table. */
function macToldFor(container: Moment, address: string): string {
  const line = askIn(ofContainer(container), 'ip neigh').find(entry => entry.startsWith(`${address} `));
  return /lladdr (\S+)/.exec(line ?? '')?.[1] ?? 'unknown';
}

function pairFacts(container: Moment): Fact[] {
  const host = linksOf(ofHost(container)).find(link => link.name === 'vethc0ffee0');
  const inner = linksOf(ofContainer(container)).find(link => link.name === 'eth0');
  return [
    {
      what: { en: 'number of vethc0ffee0 · what eth0 says behind @if', zh: 'vethc0ffee0 的编号 · eth0 的 @if 后面' },
      host: String(host?.index),
      container: String(inner?.peer),
      claim: 'same',
    },
    {
      what: { en: 'what vethc0ffee0 says behind @if · number of eth0', zh: 'vethc0ffee0 的 @if 后面 · eth0 的编号' },
      host: String(host?.peer),
      container: String(inner?.index),
      claim: 'same',
    },
  ];
}

/** The bridge's table, without the entries for multicast. */
function macTable(container: Moment): Listing {
  return {
    title: { en: 'the bridge’s table (bridge fdb show): MAC, port', zh: '网桥的表（bridge fdb show）：MAC、端口' },
    lines: askIn(ofHost(container), 'bridge fdb show')
      .filter(line => / master /.test(line) && !/^(33:33|01:00)/.test(line))
      .sort((a, b) => Number(/permanent/.test(a)) - Number(/permanent/.test(b))),
  };
}

const names = (place: string) =>
  linksOf(place)
    .map(({ name }) => name)
    .sort()
    .join(' ');

const sysInside = `echo "eth0 in /sys: $(cat /sys/class/net/eth0/address 2> /dev/null || echo 'not there')"
echo "ls /sys/class/net: $(echo $(ls /sys/class/net))"`;

function sysFact(container: Moment, claim: Fact['claim']): Fact {
  return {
    what: { en: 'MAC of eth0', zh: 'eth0 的 MAC' },
    host: linksOf(ofContainer(container)).find(link => link.name === 'eth0')?.mac ?? '',
    container: said(container, 'eth0 in /sys'),
    claim,
  };
}

export const lesson: Lesson = {
  id: '13-veth-and-bridge',
  title: { en: 'veth and bridge: a cable and a switch', zh: 'veth 与网桥：一根网线，一台交换机' },
  about: {
    en: 'an empty network namespace gets a cable, a switch, an address and a way out; who talks to whom, and by which MAC',
    zh: '空的网络命名空间得到一根网线、一台交换机、一个地址和一条出路；谁和谁通信，用的是哪个 MAC',
  },
  needs: ['root', 'net', 'mnt', 'ip', 'ping'],
  minutes: 35,
  question: texts.question,
  figure,
  hides: hidesExchange,
  run: {
    program: stage => cabled(stage),
    inside,
    evidence: (_, container) => ({
      columns,
      facts: [
        {
          what: { en: 'interfaces', zh: '网络接口' },
          host: names(ofHost(container)),
          container: names(ofContainer(container)),
          claim: 'differs',
        },
        ...pairFacts(container),
        {
          what: {
            en: 'MAC of minidock0 · what ARP says 172.18.0.1 has',
            zh: 'minidock0 的 MAC · ARP 说 172.18.0.1 的 MAC',
          },
          host: linksOf(ofHost(container)).find(link => link.name === network.bridge)?.mac ?? '',
          container: macToldFor(container, network.gateway),
          claim: 'same',
        },
        {
          what: {
            en: 'MAC of minidock0 · what ARP says 172.18.0.3 has',
            zh: 'minidock0 的 MAC · ARP 说 172.18.0.3 的 MAC',
          },
          host: linksOf(ofHost(container)).find(link => link.name === network.bridge)?.mac ?? '',
          container: macToldFor(container, neighbour),
          claim: 'differs',
        },
      ],
      listings: [
        macTable(container),
        {
          title: { en: 'ip link, on the host of this lesson', zh: '本课的主机上的 ip link' },
          lines: askIn(ofHost(container), 'ip -o link').map(line =>
            line.replace(/ (mtu|qdisc)[\s\S]*?(?=master|$)/, ' ').replace(/ state .*/, ''),
          ),
        },
      ],
    }),
  },
  byHand: {
    caption: {
      en: 'What books show. `ip netns add` makes a namespace and keeps it by a mount; `-n box` does the rest in there. Each of the other lines is one message of the program above.',
      zh: '书上的写法。`ip netns add` 建一个命名空间，并用一个挂载把它留住；`-n box` 表示到那里面去做。其余每一行就是上面程序里的一条消息。',
    },
    language: 'sh',
    lines: `ip netns add box
ip link add minidock0 type bridge
ip addr add 172.18.0.1/16 dev minidock0
ip link set minidock0 up
ip link add veth0 type veth peer name eth0 netns box
ip link set veth0 master minidock0 up
ip -n box link set lo up
ip -n box addr add 172.18.0.2/16 dev eth0
ip -n box link set eth0 up
ip -n box route add default via 172.18.0.1`,
  },
  experiments: [
    {
      ...texts.lie,
      program: stage => cabled(stage, { shown: 'nothing' }),
      inside: sysInside,
      evidence: (_, container) => ({ columns: texts.sysColumns, facts: [sysFact(container, 'differs')] }),
    },
    {
      ...texts.cure,
      program: stage => cabled(stage, { shown: 'nothing', sys: true }),
      inside: sysInside,
      evidence: (_, container) => ({ columns: texts.sysColumns, facts: [sysFact(container, 'same')] }),
    },
  ],
  breakIt: [
    {
      ...texts.tooEarly,
      program: stage =>
        cabled(stage, {
          shown: 'cable',
          change: steps => swapMessages(steps, 'link set eth0 up', 'route add default'),
        }),
      outcome: { call: 'route add default via 172.18.0.1', errno: 'ENETUNREACH' },
    },
    {
      ...texts.unplugged,
      program: stage =>
        cabled(stage, {
          shown: 'cable',
          change: steps => withoutMessages(steps, ['link set vethc0ffee0 master', 'bridge link set dev vethc0ffee0']),
        }),
      inside: `${inside}
echo "carrier of eth0: $(ip -o link show eth0 | grep -o 'NO-CARRIER\\|LOWER_UP')"`,
      outcome: 'runs',
      evidence: (_, container) => ({
        columns: [
          { en: 'plugged in', zh: '插上时' },
          { en: 'now', zh: '现在' },
        ],
        facts: [
          {
            what: { en: 'the neighbour', zh: '邻居' },
            host: 'answers',
            container: said(container, `${neighbour}, the neighbour`),
            claim: 'differs',
          },
          {
            what: { en: 'the cable, seen from eth0', zh: '从 eth0 看网线' },
            host: 'LOWER_UP',
            container: said(container, 'carrier of eth0'),
            claim: 'differs',
          },
        ],
      }),
    },
  ],
  seen: texts.seen,
  recap: texts.recap,
  glossary: texts.glossary,
  reading: texts.reading,
  sources: ['src/network/endpoint.ts', 'src/network/bridge-program.ts', 'src/network/netlink/rtnetlink.ts'],
  engineCommand: ['minidock', 'run', '--dry-run', 'busybox', 'true'],
};
