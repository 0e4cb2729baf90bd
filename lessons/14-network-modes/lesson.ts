import fs from 'node:fs';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { hostFacts, networkSysctls } from '../../src/host/facts.ts';
import type { Port } from '../../src/network/ports/ports.ts';
import type { Namespace } from '../../src/oci/runtime-spec.ts';
import { call } from '../../src/syscalls/calls.ts';
import { type Program, program, type Step } from '../../src/syscalls/step.ts';
import { AF, SOCK } from '../../src/syscalls/uapi/flags.ts';
import { type Lesson, lessonProgram, type Stage } from '../../src/workshop/lesson.ts';
import { asPreparation, hidesExchange } from '../../src/workshop/network/hidden.ts';
import { newMachine, ownHost } from '../../src/workshop/network/lab.ts';
import { withoutMessages } from '../../src/workshop/network/messages.ts';
import {
  askIn,
  connect,
  linksOf,
  ofContainer,
  ofHost,
  ofOther,
  type Place,
} from '../../src/workshop/network/namespaces.ts';
import type { Fact, Moment } from '../../src/workshop/play/evidence.ts';
import { figure } from './figure.ts';
import * as texts from './texts.ts';

/** A program of the host's that listens for the host alone; the kernel answers for it. */
const local: Port = { hostIp: '127.0.0.1', hostPort: 9000, containerPort: 9000, protocol: 'tcp' };

interface Mode {
  readonly namespaces?: readonly Namespace['type'][];
  /** Before the host is made, and in it before clone. */
  readonly before?: readonly Step[];
  readonly child?: readonly Step[];
}

/** A container on a host where something listens on 127.0.0.1:9000. */
function inMode({ command }: Stage, { namespaces = ['network'], before = [], child = [] }: Mode): Program {
  const base = lessonProgram({ namespaces, child, command });
  return program({
    ...base,
    host: [...before, ...ownHost().steps, ...asPreparation(pieces.portMapping([local])), ...base.host],
  });
}

/** The settings of a container's own network, as far as this kernel has them. */
function settings(): Record<string, string> {
  return Object.fromEntries(hostFacts().sysctls.map(name => [name, networkSysctls[name]!]));
}

/** The user nobody asks for the kind of socket that ping uses (icmp(7)). */
function pingAsNobody(): Step[] {
  const nobody = 65534;
  const IPPROTO_ICMP = 1;
  return [
    call('setresgid', [nobody, nobody, nobody], { why: { en: 'become the group nobody', zh: '变成 nobody 组' } }),
    call('setresuid', [nobody, nobody, nobody], {
      why: { en: 'become the user nobody: every capability is gone', zh: '变成 nobody 用户：所有权能都没有了' },
    }),
    call('socket', [AF.AF_INET, SOCK.SOCK_DGRAM | SOCK.SOCK_CLOEXEC, IPPROTO_ICMP], {
      why: { en: 'ask for a socket that can only ping', zh: '申请一个只能 ping 的套接字' },
    }),
  ];
}

const inode = (place: Place) => String(fs.statSync(place).ino);
const names = (place: Place) =>
  linksOf(place)
    .map(({ name }) => name)
    .join(' ');
const setting = (place: Place, name: string) =>
  askIn(place, `cat /proc/sys/net/ipv4/${name}`).join(' ').replace(/\s+/g, ' ');
const ask = { until: 'connect', patience: 2000 } as const;

/** Which namespace, and who answers there. */
function facts(first: Place, second: Place, port: number, claim: Fact['claim']): Fact[] {
  return [
    { what: { en: 'ns/net', zh: 'ns/net' }, host: inode(first), container: inode(second), claim },
    {
      what: { en: `127.0.0.1:${port}`, zh: `127.0.0.1:${port}` },
      host: connect(first, '127.0.0.1', port, ask),
      container: connect(second, '127.0.0.1', port, ask),
      claim,
    },
  ];
}

/** The settings that the engine makes, where this kernel has them. */
function settingFacts(host: Place, own: Place, claim: Fact['claim']): Fact[] {
  return ['ip_unprivileged_port_start', 'ping_group_range']
    .filter(name => hostFacts().sysctls.includes(`net.ipv4.${name}`))
    .map(name => ({ what: { en: name, zh: name }, host: setting(host, name), container: setting(own, name), claim }));
}

const places = (container: Moment) => [ofHost(container), ofContainer(container)] as const;
const inside = 'echo "interfaces: $(ip -o link | cut -d: -f2 | cut -d@ -f1 | xargs)"';

export const lesson: Lesson = {
  id: '14-network-modes',
  title: { en: 'Network modes: whose namespace is it?', zh: '网络模式：用的是谁的命名空间？' },
  about: {
    en: 'none, host, container:X, bridge: four answers to one question, and the settings that come with a network of one’s own',
    zh: 'none、host、container:X、bridge：同一个问题的四个答案，以及自己的网络附带的设置',
  },
  needs: ['root', 'net', 'uts', 'ip'],
  minutes: 25,
  question: texts.question,
  figure,
  hides: hidesExchange,
  run: {
    program: stage => inMode(stage, { child: [...pieces.sysctls(settings()), ...pieces.loopbackOnly().child] }),
    inside,
    evidence: (_, container) => {
      const [host, own] = places(container);
      return {
        columns: texts.columns,
        facts: [
          ...facts(host, own, 9000, 'differs'),
          { what: { en: 'interfaces', zh: '网络接口' }, host: names(host), container: names(own), claim: 'same' },
          ...settingFacts(host, own, 'differs'),
        ],
        listings: [
          {
            title: {
              en: 'what leads to the container itself (ip route show table local)',
              zh: '通向容器自己的路由（ip route show table local）',
            },
            lines: askIn(own, 'ip route show table local'),
          },
        ],
      };
    },
  },
  byHand: {
    caption: texts.byHand,
    language: 'sh',
    lines: `unshare --net sh -c 'ip link set lo up; exec sh'     # none
sh                                                   # host
nsenter --net --target "$PID_OF_ANOTHER" sh          # container:ANOTHER
sysctl -w net.ipv4.ip_unprivileged_port_start=0 net.ipv4.ping_group_range='0 2147483647'`,
  },
  experiments: [
    {
      ...texts.host,
      program: stage => inMode(stage, { namespaces: ['uts'], child: pieces.utsNamespace('container') }),
      inside,
      evidence: (_, container) => ({
        columns: texts.columns,
        facts: [...facts(...places(container), 9000, 'same'), ...settingFacts(...places(container), 'same')],
      }),
    },
    {
      ...texts.joined,
      program: stage => {
        const first = newMachine('the first container', texts.firstContainer);
        const database: Port = { ...local, hostPort: 5432, containerPort: 5432 };
        return inMode(stage, {
          namespaces: ['uts'],
          before: [...first.steps, ...asPreparation(pieces.portMapping([database]))],
          child: [...pieces.enterNamespace('net', first.machine.namespace), ...pieces.utsNamespace('second')],
        });
      },
      inside,
      evidence: (_, container) => ({
        columns: texts.joinedColumns,
        facts: facts(ofOther(container), ofContainer(container), 5432, 'same'),
        listings: [
          {
            title: {
              en: 'and the host’s 127.0.0.1:9000, from the second container',
              zh: '再从第二个容器访问宿主机的 127.0.0.1:9000',
            },
            lines: [connect(ofContainer(container), '127.0.0.1', 9000, ask)],
          },
        ],
      }),
    },
    {
      ...texts.pings,
      program: stage =>
        inMode(stage, {
          child: [...pieces.sysctls(settings()), ...pieces.loopbackOnly().child, ...pingAsNobody()],
        }),
      inside: 'echo "user: $(id -u)"',
      evidence: (_, container) => ({
        columns: texts.columns,
        facts: settingFacts(...places(container), 'differs'),
      }),
    },
  ],
  breakIt: [
    {
      ...texts.down,
      program: stage => inMode(stage, { child: withoutMessages(pieces.loopbackOnly().child, ['link set lo up']) }),
      inside,
      outcome: 'runs',
      evidence: (_, container) => ({
        columns: texts.downColumns,
        facts: [
          {
            what: { en: '127.0.0.1:9000', zh: '127.0.0.1:9000' },
            host: 'ECONNREFUSED',
            container: connect(ofContainer(container), '127.0.0.1', 9000, ask),
            claim: 'differs',
          },
        ],
        listings: [
          {
            title: { en: 'ip -o link', zh: 'ip -o link' },
            lines: askIn(ofContainer(container), 'ip -o link').map(line => line.replace(/ mtu .*/, '')),
          },
        ],
      }),
    },
    {
      ...texts.unset,
      program: stage => inMode(stage, { child: [...pieces.loopbackOnly().child, ...pingAsNobody()] }),
      outcome: { call: 'socket', errno: 'EACCES' },
    },
  ],
  seen: texts.seen,
  recap: texts.recap,
  glossary: texts.glossary,
  reading: texts.reading,
  sources: ['src/network/endpoint.ts', 'src/container/sysctls.ts', 'src/container/process/enter.ts'],
  engineCommand: ['minidock', 'run', '--dry-run', '--network', 'none', 'busybox', 'true'],
};
