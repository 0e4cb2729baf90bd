import fs from 'node:fs';
import { pieces } from '../../src/engine/compile/pieces.ts';
import type { Port } from '../../src/network/ports/ports.ts';
import { type Program, program, type Step } from '../../src/syscalls/step.ts';
import { without } from '../../src/workshop/break.ts';
import { type Lesson, lessonProgram, type Stage } from '../../src/workshop/lesson.ts';
import { asPreparation, hidesExchange } from '../../src/workshop/network/hidden.ts';
import { endpointOf, hostWithClient, outside } from '../../src/workshop/network/lab.ts';
import { askIn, connect, doIn, ofContainer, ofHost, ofOther } from '../../src/workshop/network/namespaces.ts';
import type { Moment } from '../../src/workshop/play/evidence.ts';
import {
  briefly,
  counted,
  noted,
  port,
  restoreBridgeRules,
  restorePortRule,
  rule,
  server,
  waitingFor,
} from './asking.ts';
import { figure } from './figure.ts';
import * as texts from './texts.ts';

interface Publishing {
  readonly ports?: readonly Port[];
  /** The steps that take the ports are shown one by one. */
  readonly shown?: boolean;
  /** Takes the host's ports. */
  readonly hold?: (ports: readonly Port[]) => Step[];
}

/** A host with a client on its wire, and a container on its bridge. */
function published(
  { command }: Stage,
  { ports = [port], shown = false, hold = pieces.portMapping }: Publishing = {},
): Program {
  const interfaces = fs.readdirSync('/sys/class/net');
  const veth = pieces.vethPair(endpointOf(interfaces));
  const base = lessonProgram({ namespaces: ['pid', 'network'], child: asPreparation(veth.child), command });
  return program({
    ...base,
    host: [
      ...asPreparation(hostWithClient(interfaces)),
      ...(shown ? hold(ports) : asPreparation(hold(ports))),
      ...asPreparation(veth.host),
      ...base.host,
      ...asPreparation(veth.parent),
    ],
  });
}

/** All that the engine does for `-p 8080:80`, and the three places to ask from. */
function publishedFor(container: Moment) {
  const places = { host: ofHost(container), client: ofOther(container), container: ofContainer(container) };
  restoreBridgeRules(places.host);
  restorePortRule(places.host);
  return places;
}

const columns = {
  rule: [
    { en: 'without the rule', zh: '没有规则时' },
    { en: 'with it', zh: '有规则时' },
  ],
  change: [
    { en: 'as it should be', zh: '正常时' },
    { en: 'now', zh: '现在' },
  ],
} as const;

const fromClient = { en: 'client → 203.0.113.1:8080', zh: '客户机 → 203.0.113.1:8080' };
const fromHost = { en: 'host → 127.0.0.1:8080', zh: '宿主机 → 127.0.0.1:8080' };
const fromContainer = { en: 'container → 203.0.113.1:8080', zh: '容器 → 203.0.113.1:8080' };
const { host: hostAddress } = outside;

/** The port of a program of the host's that only listens on loopback. */
const secret: Port = { hostIp: '127.0.0.1', hostPort: 9000, containerPort: 9000, protocol: 'tcp' };

export const lesson: Lesson = {
  id: '15-published-ports',
  title: { en: 'Published ports: a rule, and who is counted by it', zh: '发布端口：一条规则，以及它数的是谁' },
  about: {
    en: 'what -p 8080:80 is: DNAT, MASQUERADE, hairpin, localhost; and what goes wrong silently',
    zh: '-p 8080:80 到底是什么：DNAT、MASQUERADE、hairpin、localhost；以及哪些故障不声不响',
  },
  needs: ['root', 'net', 'pid', 'ip', 'iptables'],
  minutes: 40,
  question: texts.question,
  figure,
  hides: hidesExchange,
  run: {
    program: stage => published(stage, { shown: true }),
    inside: server,
    evidence: (_, container) => {
      const [host, client] = [ofHost(container), ofOther(container)];
      restoreBridgeRules(host);
      const before = connect(client, hostAddress, 8080, briefly);
      const rules = restorePortRule(host);
      const zero = counted(host, rule.dnat);
      const after = connect(client, hostAddress, 8080);
      return {
        columns: columns.rule,
        facts: [
          { what: fromClient, host: before, container: after, claim: 'differs' },
          {
            what: { en: 'packets that the DNAT rule has counted', zh: 'DNAT 规则数到的包' },
            host: String(zero),
            container: String(counted(host, rule.dnat)),
            claim: 'differs',
          },
          {
            what: { en: 'what the server says · the client’s own address', zh: '服务器说的话 · 客户机自己的地址' },
            host: `hello ${outside.client}`,
            container: after,
            claim: 'same',
          },
        ],
        listings: [
          { title: { en: 'the rule, for iptables-restore', zh: '交给 iptables-restore 的规则' }, lines: rules },
          {
            title: {
              en: 'the kernel’s note of the connection (/proc/net/nf_conntrack)',
              zh: '内核对这个连接的记录（/proc/net/nf_conntrack）',
            },
            lines: noted(host),
          },
          {
            title: {
              en: 'who holds the port: ss -ltn, on the host of this lesson',
              zh: '端口由谁占着：本课的主机上的 ss -ltn',
            },
            lines: askIn(host, 'ss -ltn | grep 8080'),
          },
        ],
      };
    },
  },
  byHand: {
    caption: texts.byHand,
    language: 'sh',
    lines: `sysctl -w net.ipv4.ip_forward=1 net.ipv4.conf.minidock0.route_localnet=1
iptables -t nat -A PREROUTING ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL \\
         -p tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80
iptables -t nat -A OUTPUT -m addrtype --dst-type LOCAL \\
         -p tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80
iptables -t nat -A POSTROUTING -s 172.18.0.0/16 ! -o minidock0 -j MASQUERADE
iptables -t nat -A POSTROUTING -s 127.0.0.0/8 -o minidock0 -j MASQUERADE
iptables -t nat -A POSTROUTING -s 172.18.0.0/16 -o minidock0 -m conntrack --ctstate DNAT -j MASQUERADE
iptables -I FORWARD -o minidock0 -m conntrack --ctstate DNAT,RELATED,ESTABLISHED -j ACCEPT
iptables -I FORWARD -i minidock0 -j ACCEPT
iptables -t raw -A PREROUTING -d 127.0.0.0/8 ! -i lo -j DROP`,
  },
  experiments: [
    {
      ...texts.forwarding,
      program: stage => published(stage),
      inside: server,
      evidence: (_, container) => {
        const { host, client } = publishedFor(container);
        const well = { client: connect(client, hostAddress, 8080), host: connect(host, '127.0.0.1', 8080) };
        const rules = counted(host, rule.dnat);
        doIn(host, 'echo 0 > /proc/sys/net/ipv4/ip_forward');
        return {
          columns: columns.change,
          facts: [
            { what: fromHost, host: well.host, container: connect(host, '127.0.0.1', 8080), claim: 'same' },
            {
              what: fromClient,
              host: well.client,
              container: connect(client, hostAddress, 8080, briefly),
              claim: 'differs',
            },
            {
              what: { en: 'packets counted by the DNAT rule, still', zh: 'DNAT 规则的计数仍在增加' },
              host: String(rules),
              container: String(counted(host, rule.dnat)),
              claim: 'differs',
            },
          ],
        };
      },
    },
    {
      ...texts.policy,
      program: stage => published(stage),
      inside: server,
      evidence: (_, container) => {
        const { host, client } = publishedFor(container);
        doIn(host, 'iptables -w -P FORWARD DROP');
        const chain = connect(client, hostAddress, 8080);
        const [translated, zero] = [counted(host, rule.dnat), counted(host, rule.forwardPolicy)];
        doIn(host, 'iptables -w -D FORWARD -j MINIDOCK-FORWARD');
        return {
          columns: texts.policyColumns,
          facts: [
            { what: fromClient, host: chain, container: connect(client, hostAddress, 8080, briefly), claim: 'differs' },
            {
              what: { en: 'packets counted by the DNAT rule', zh: 'DNAT 规则的计数' },
              host: String(translated),
              container: String(counted(host, rule.dnat)),
              claim: 'differs',
            },
            {
              what: { en: 'packets dropped by the policy', zh: '被默认策略丢掉的包' },
              host: String(zero),
              container: String(counted(host, rule.forwardPolicy)),
              claim: 'differs',
            },
          ],
          listings: [
            {
              title: { en: 'what such a Docker has set', zh: '这样的 Docker 设下的' },
              lines: askIn(host, 'iptables -S FORWARD'),
            },
          ],
        };
      },
    },
    {
      ...texts.hairpin,
      program: stage => published(stage),
      inside: server,
      evidence: (_, container) => {
        const { host, container: itself } = publishedFor(container);
        const well = { itself: connect(itself, hostAddress, 8080), host: connect(host, '127.0.0.1', 8080) };
        doIn(host, 'iptables -w -t nat -F MINIDOCK-NAT');
        return {
          columns: texts.masqueradeColumns,
          facts: [
            {
              what: fromContainer,
              host: well.itself,
              container: connect(itself, hostAddress, 8080, briefly),
              claim: 'differs',
            },
            { what: fromHost, host: well.host, container: connect(host, '127.0.0.1', 8080, briefly), claim: 'differs' },
          ],
          listings: [
            {
              title: {
                en: 'the kernel waits for an answer that never passes it',
                zh: '内核在等一个永远不会经过它的应答',
              },
              lines: waitingFor(host),
            },
          ],
        };
      },
    },
    {
      ...texts.spoofed,
      program: stage => published(stage, { ports: [port, secret] }),
      inside: server,
      evidence: (_, container) => {
        const { host, container: attacker } = publishedFor(container);
        doIn(
          attacker,
          'echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet; ip addr flush dev lo; ip route replace 127.0.0.1/32 via 172.18.0.1',
        );
        const before = counted(host, rule.dropSpoofed);
        const closed = connect(attacker, '127.0.0.1', 9000, { ...briefly, until: 'connect' });
        const dropped = counted(host, rule.dropSpoofed);
        doIn(host, 'iptables -w -t raw -F MINIDOCK');
        return {
          columns: texts.spoofedColumns,
          facts: [
            {
              what: { en: 'container → 127.0.0.1:9000 of the host', zh: '容器 → 宿主机的 127.0.0.1:9000' },
              host: closed,
              container: connect(attacker, '127.0.0.1', 9000, { until: 'connect' }),
              claim: 'differs',
            },
            {
              what: {
                en: 'packets dropped in raw: before · after the first try',
                zh: 'raw 里丢掉的包：第一次尝试之前 · 之后',
              },
              host: String(before),
              container: String(dropped),
              claim: 'differs',
            },
          ],
        };
      },
    },
  ],
  breakIt: [
    {
      ...texts.twice,
      program: stage => published(stage, { ports: [port, port], shown: true }),
      outcome: { call: 'bind', errno: 'EADDRINUSE' },
    },
    {
      ...texts.unheard,
      program: stage =>
        published(stage, {
          ports: [port, port],
          shown: true,
          hold: ports => without(pieces.portMapping(ports), 'listen('),
        }),
      outcome: 'runs',
      evidence: (_, container) => ({
        columns: columns.change,
        facts: [
          {
            what: { en: 'listeners on port 8080 (ss -ltn)', zh: '8080 端口的监听者（ss -ltn）' },
            host: '1',
            container: String(askIn(ofHost(container), 'ss -ltn').filter(line => line.includes(':8080')).length),
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
  sources: ['src/network/ports/ports.ts', 'src/network/firewall/firewall.ts', 'src/network/firewall/port-rules.ts'],
  engineCommand: ['minidock', 'run', '--dry-run', '-p', '8080:80', 'busybox', 'true'],
};
