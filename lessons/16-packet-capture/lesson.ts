import { packetComment } from '../../src/capture/comments.ts';
import { enhancedPacket, interfaceDescription, sectionHeader } from '../../src/capture/format/pcapng.ts';
import { readPcapng } from '../../src/capture/format/read-pcapng.ts';
import type { Visit } from '../../src/capture/model.ts';
import { call } from '../../src/syscalls/calls.ts';
import { AF, SOCK } from '../../src/syscalls/uapi/flags.ts';
import { type Lesson, lessonProgram } from '../../src/workshop/lesson.ts';
import { hidesExchange } from '../../src/workshop/network/hidden.ts';
import { outside } from '../../src/workshop/network/lab.ts';
import { connect, doIn, ofContainer, ofHost, ofOther } from '../../src/workshop/network/namespaces.ts';
import type { Evidence, Fact, Moment } from '../../src/workshop/play/evidence.ts';
import { figure } from './figure.ts';
import {
  at,
  countAt,
  destinationOf,
  everyProtocol,
  heard,
  lineOf,
  listening,
  points,
  readFrames,
  restoreRules,
  server,
  sourceOf,
  walkOf,
  walksOf,
} from './listening.ts';
import * as texts from './texts.ts';

/** Milliseconds, for an answer that is not expected. */
const briefly = { patience: 500 } as const;
const nobody = 65534;

const fact = (en: string, zh: string, host: string, container: string, claim: Fact['claim']): Fact => ({
  what: { en, zh },
  host,
  container,
  claim,
});

/** What the client is told at port 8080, and what was heard meanwhile. */
function asked(container: Moment, how: Parameters<typeof connect>[3] = {}) {
  restoreRules(ofHost(container));
  const told = connect(ofOther(container), outside.host, 8080, how);
  return { told, visits: heard(container) };
}

/** A question and its answer at two points. */
function translated(question: readonly Visit[], answer: readonly Visit[]): Evidence {
  const [outer, inner] = [at(question, 'host')!, at(question, 'container')!];
  const [outerAnswer, innerAnswer] = [at(answer, 'host')!, at(answer, 'container')!];
  return {
    columns: texts.columns.points,
    facts: [
      fact('SYN: source', 'SYN：源地址', sourceOf(outer), sourceOf(inner), 'same'),
      fact('SYN: destination', 'SYN：目的地址', destinationOf(outer), destinationOf(inner), 'differs'),
      fact('SYN: time to live', 'SYN：TTL', String(outer.ttl), String(inner.ttl), 'differs'),
      fact('SYN: sequence', 'SYN：序列号', String(outer.tcp!.sequence), String(inner.tcp!.sequence), 'same'),
      fact('its answer: source', '应答：源地址', sourceOf(outerAnswer), sourceOf(innerAnswer), 'differs'),
    ],
    listings: [{ title: texts.wholeWay, lines: [...question, ...answer].map(lineOf) }],
  };
}

export const lesson: Lesson = {
  id: '16-packet-capture',
  title: { en: 'Packet capture: the way of a packet', zh: '抓包：一个数据包走过的路' },
  about: {
    en: 'a packet socket is three syscalls; one packet at three places, with DNAT and SNAT seen; what a capture does not tell',
    zh: '抓包套接字就是三个系统调用；在三个地方看同一个包，亲眼看到 DNAT 和 SNAT；以及抓包说明不了什么',
  },
  needs: ['root', 'net', 'pid', 'ip', 'iptables'],
  minutes: 35,
  question: texts.question,
  figure,
  hides: hidesExchange,
  run: {
    program: stage => listening(stage),
    inside: server,
    evidence: (_, container) => {
      const { visits } = asked(container);
      return translated(walkOf(visits, 'SYN'), walkOf(visits, 'SYN', 'ACK'));
    },
  },
  byHand: {
    caption: texts.byHand,
    language: 'c',
    lines: `int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
struct sock_filter code[] = { /* tcpdump -dd tcp port 80 */ };
struct sock_fprog filter = { .len = sizeof code / sizeof code[0], .filter = code };
setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
struct sockaddr_ll at = {
  .sll_family = AF_PACKET,
  .sll_protocol = htons(ETH_P_ALL),
  .sll_ifindex = if_nametoindex("eth0"),
};
bind(fd, (struct sockaddr *)&at, sizeof at);
for (;;) {
  ssize_t length = recv(fd, frame, sizeof frame, 0);   /* one frame */
  print(frame, length);
}`,
  },
  experiments: [
    {
      ...texts.outwards,
      program: stage => listening(stage),
      inside: server,
      evidence: (_, container) => {
        restoreRules(ofHost(container));
        const told = connect(ofContainer(container), outside.client, 7777);
        const visits = heard(container);
        const [question, answer] = [walkOf(visits, 'SYN'), walkOf(visits, 'RST', 'ACK')];
        const [inner, outer] = [at(question, 'container')!, at(question, 'host')!];
        const [innerAnswer, outerAnswer] = [at(answer, 'container')!, at(answer, 'host')!];
        return {
          columns: texts.columns.outwards,
          facts: [
            fact('SYN: source', 'SYN：源地址', sourceOf(inner), sourceOf(outer), 'differs'),
            fact('SYN: destination', 'SYN：目的地址', destinationOf(inner), destinationOf(outer), 'same'),
            fact(
              'its answer: destination',
              '应答：目的地址',
              destinationOf(innerAnswer),
              destinationOf(outerAnswer),
              'differs',
            ),
            fact('what connect() returned', 'connect() 返回的错误', 'ECONNREFUSED', told, 'same'),
          ],
          listings: [{ title: texts.wholeWay, lines: [...question, ...answer].map(lineOf) }],
        };
      },
    },
    {
      ...texts.written,
      show(scratch, tell) {
        const visits = readFrames(scratch);
        const blocks = [
          sectionHeader([]),
          ...points.map(({ name, role }) =>
            interfaceDescription({ linkType: 1, snapLength: 65535, name, description: role }),
          ),
          ...walksOf(visits).flatMap((walk, i) =>
            walk.map(({ frame }, visit) =>
              enhancedPacket(
                frame.point,
                frame,
                packetComment({ number: i + 1, visits: walk, rewrites: [], heading: 'out', conversation: 1 }, visit),
              ),
            ),
          ),
        ];
        const file = Buffer.concat(blocks);
        const read = readPcapng('walk.pcapng', file);
        for (const block of blocks.slice(0, 5))
          tell(`${block.toString('hex', 0, 4)}  ${texts.blockNames[block.readUInt32LE(0)]}, ${block.length} B`);
        for (const { interface: number, comment } of read.packets.slice(0, 3))
          tell(`packet at ${read.interfaces[number]!.name}: ${comment}`);
        const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name).join(' ');
        return {
          columns: texts.columns.written,
          facts: [
            fact('interfaces', '接口', names(points), names(read.interfaces), 'same'),
            fact('frames', '帧数', String(visits.length), String(read.packets.length), 'same'),
            fact(
              'bytes of the frames and of the file',
              '各帧的字节数，与整个文件的',
              String(visits.reduce((sum, { frame }) => sum + frame.length, 0)),
              String(file.length),
              'differs',
            ),
          ],
        };
      },
    },
    {
      ...texts.filtered,
      program: stage => listening(stage, { filter: 80 }),
      inside: server,
      evidence: (_, container) => {
        const { told, visits } = asked(container);
        return {
          columns: texts.columns.points,
          facts: [
            fact(
              'frames that “tcp port 80” took',
              '“tcp port 80”收下的帧',
              countAt(visits, 'host') > 0 ? 'some' : 'none',
              countAt(visits, 'container') > 0 ? 'some' : 'none',
              'differs',
            ),
            fact('what the client was told', '客户机得到的应答', `hello ${outside.client}`, told, 'same'),
          ],
          listings: [{ title: texts.filterText, lines: texts.filterLines }],
        };
      },
    },
    {
      ...texts.dropped,
      program: stage => listening(stage),
      inside: server,
      evidence: (_, container) => {
        const host = ofHost(container);
        restoreRules(host);
        doIn(host, 'iptables -w -I FORWARD -j DROP');
        const told = connect(ofOther(container), outside.host, 8080, briefly);
        const visits = heard(container);
        return {
          columns: texts.columns.bridge,
          facts: [
            fact(
              'the client’s SYN',
              '客户机的 SYN',
              countAt(visits, 'host') > 0 ? 'heard' : 'not heard',
              countAt(visits, 'bridge') > 0 ? 'heard' : 'not heard',
              'differs',
            ),
            fact('what the client was told', '客户机得到的应答', 'silence', told, 'same'),
          ],
          listings: [{ title: texts.wholeWay, lines: walkOf(visits, 'SYN').map(lineOf) }],
        };
      },
    },
    {
      ...texts.refused,
      program: ({ command }) =>
        lessonProgram({
          namespaces: ['network'],
          child: [
            call('setuid', [nobody], {
              lesson: 'capabilities-and-seccomp',
              why: { en: 'no root any more, and so without capabilities', zh: '不再是 root，也就没有了权能' },
            }),
            call('socket', [AF.AF_PACKET, SOCK.SOCK_RAW, everyProtocol], {
              lesson: 'packet-capture',
              why: { en: 'the same socket as before', zh: '和前面一样的套接字' },
            }),
          ],
          command,
        }),
      fails: { call: 'socket', errno: 'EPERM' },
    },
  ],
  breakIt: [
    {
      ...texts.unswapped,
      program: stage => listening(stage, { protocol: 3 }),
      inside: server,
      outcome: 'runs',
      evidence: (_, container) => {
        const { told, visits } = asked(container);
        return {
          columns: texts.columns.change,
          facts: [
            fact('what the client was told', '客户机得到的应答', `hello ${outside.client}`, told, 'same'),
            fact('frames that were heard', '收到的帧', 'some', visits.length > 0 ? 'some' : 'none', 'differs'),
          ],
        };
      },
    },
    {
      ...texts.unbound,
      program: stage => listening(stage, { unbound: true }),
      inside: server,
      outcome: 'runs',
      evidence: (_, container) => {
        const { visits } = asked(container);
        const first = visits.filter(({ frame, packet }) => frame.point === 0 && packet.tcp!.flags.join() === 'SYN');
        return {
          columns: texts.columns.change,
          facts: [fact('frames of the one SYN', '同一个 SYN 的帧', '1', String(first.length), 'differs')],
          listings: [
            {
              title: { en: 'what the first socket heard of it', zh: '第一个套接字收到的' },
              lines: first.map(({ packet }) => `${sourceOf(packet)} → ${destinationOf(packet)}, ttl ${packet.ttl}`),
            },
          ],
        };
      },
    },
  ],
  seen: texts.seen,
  recap: texts.recap,
  glossary: texts.glossary,
  reading: texts.reading,
  sources: [
    'src/capture/packet/decode.ts',
    'src/capture/follow.ts',
    'src/capture/nat/rewrites.ts',
    'src/capture/format/pcapng.ts',
    'src/capture/in-network.ts',
  ],
};
