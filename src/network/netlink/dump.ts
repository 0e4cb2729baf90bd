import { call, close, open } from '../../syscalls/calls.ts';
import { bytes, room } from '../../syscalls/data.ts';
import { Shim } from '../../syscalls/shim.ts';
import { type Program, program, type Step, slot } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { CLONE, MSG, O } from '../../syscalls/uapi/flags.ts';
import { encode, NETLINK_NETFILTER, NLM_F, openNetlink, u8, u16 } from './netlink.ts';

/**
 * The tables that can be read: links, addresses, routes, neighbours (ARP, NDP) of a namespace, the MAC tables of its bridges,
 * and its tracked connections.
 */
export type Dump = 'links' | 'addresses' | 'routes' | 'neighbours' | 'fdb' | 'connections';

/** Dumps of one network namespace: by default the one that this process is in. */
export interface Question {
  /** `/proc/PID/ns/net`. */
  readonly namespace?: string;
  readonly dumps: readonly Dump[];
}

const NLM_F_DUMP = 0x300;
const PF_BRIDGE = 7;
const AF_UNSPEC = 0;

interface Request {
  readonly type: number;
  readonly family: number;
  /** Size of the structure behind the header, in bytes. */
  readonly size: number;
  readonly words: string;
  /** NETLINK_ROUTE where nothing is said. */
  readonly protocol?: number;
  /** How many reads the answer may take. */
  readonly rounds?: number;
}

/** <linux/netfilter/nfnetlink.h>: the subsystem of connection tracking in the high byte, IPCTNL_MSG_CT_GET in the low one. */
const CT_GET = (1 << 8) | 1;

/** rtnetlink(7), and connection tracking's; `ip`, `bridge` and `conntrack` send the same. */
const requests: Readonly<Record<Dump, Request>> = {
  links: { type: 18, family: AF_UNSPEC, size: 16, words: 'link show' },
  addresses: { type: 22, family: AF_UNSPEC, size: 8, words: 'addr show' },
  routes: { type: 26, family: AF_UNSPEC, size: 12, words: 'route show table all' },
  neighbours: { type: 30, family: AF_UNSPEC, size: 12, words: 'neigh show' },
  fdb: { type: 30, family: PF_BRIDGE, size: 16, words: 'bridge fdb show' },
  connections: {
    type: CT_GET,
    family: AF_UNSPEC,
    size: 4,
    words: 'conntrack -L',
    protocol: NETLINK_NETFILTER,
    rounds: 480,
  },
};

/** The kernel fills a buffer of the size that it is offered, with whole messages, and 32 KiB at most. */
const bufferSize = 32768;
/**
 * 1.5 MB for each dump, a few thousand interfaces: of more only the beginning is read. For connections it is 15 MB, some fifty
 * thousand.
 */
const mostRounds = 48;

/**
 * Host-only program: writes the kernel's answers to descriptor 1, as they come. The answers to question q and its dump d have
 * the sequence number `sequenceOf(q, d)`. A dump is made while it is read, so that no read ever waits.
 */
function dumpProgram(questions: readonly Question[]): Program {
  return program({ host: questions.flatMap(({ namespace, dumps }, q) => [...enter(namespace), ...ask(q, dumps)]) });
}

export const sequenceOf = (question: number, dump: number): number => 100 * (question + 1) + dump;

const about = (why: Text) => ({ why, lesson: 'veth-and-bridge' as const, group: 'netlink' });

function enter(namespace: string | undefined): Step[] {
  if (namespace === undefined) return [];
  const fd = slot('namespace');
  return [
    open(namespace, O.O_RDONLY, {
      ...about({ en: 'open the network namespace that is asked about', zh: '打开要查询的网络命名空间' }),
      save: fd,
    }),
    call(
      'setns',
      [fd, CLONE.CLONE_NEWNET],
      about({ en: 'enter it: a netlink socket belongs to a namespace', zh: '进入它：netlink 套接字属于某个命名空间' }),
    ),
    close(fd, about({ en: 'it is entered, so the descriptor is not needed', zh: '已经进入，不再需要这个描述符' })),
  ];
}

function ask(question: number, dumps: readonly Dump[]): Step[] {
  const answer = room(bufferSize, 'answer');
  return dumps.flatMap((dump, d): Step[] => {
    const { type, family, size, words, protocol, rounds = mostRounds } = requests[dump];
    const content = [u8(family), u8(0), u16(0)];
    const message = { type, flags: NLM_F.NLM_F_REQUEST | NLM_F_DUMP, content: [...content, pad(size, content)], words };
    const { data } = encode(message, sequenceOf(question, d));
    const socket = slot(`netlink for ${words}`);
    const length = slot('length');
    const reads = Array.from({ length: rounds }, (): Step[] => [
      call('recvfrom', [socket, answer, bufferSize, MSG.MSG_DONTWAIT, 0, 0], {
        ...about({ en: 'read a part of the answer; the end is EAGAIN', zh: '读取应答的一部分；读完时是 EAGAIN' }),
        tolerate: ['EAGAIN'],
        save: length,
      }),
      call('write', [1, answer, length], {
        ...about({ en: 'hand it on; EINVAL where nothing was read', zh: '交出去；没有读到时是 EINVAL' }),
        tolerate: ['EINVAL', 'EFAULT'],
      }),
    ]).flat();
    return [
      openNetlink(
        socket,
        about({ en: 'open a socket to this part of the kernel', zh: '打开通向内核这一部分的套接字' }),
        protocol,
      ),
      call(
        'sendto',
        [socket, bytes(data.bytes, words), data.bytes.length, 0, 0, 0],
        about({ en: `ask for: ${words}`, zh: `查询：${words}` }),
      ),
      ...reads,
      close(socket, about({ en: 'all is read, so the socket is closed', zh: '读完，关闭套接字' })),
    ];
  });
}

function pad(size: number, content: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(size - content.reduce((sum, part) => sum + part.length, 0));
}

/** The bytes of all answers, and the pid of the process that asks, which is in the last namespace meanwhile. */
export interface Asked {
  readonly pid: number | undefined;
  readonly answers: Promise<Buffer>;
}

/** Asks the kernel. Rejects with a `StepError` where a namespace is gone. */
export function askKernel(questions: readonly Question[]): Asked {
  const shim = new Shim({ stdio: ['ignore', 'pipe', 'ignore'] });
  const chunks: Buffer[] = [];
  const output = shim.process.stdout!;
  output.on('data', (chunk: Buffer) => chunks.push(chunk));
  const read = new Promise<void>(resolve => output.once('close', () => resolve()));
  shim.run(dumpProgram(questions));
  const answers = (async () => {
    await shim.exited;
    await Promise.all([shim.ended, read]);
    return Buffer.concat(chunks);
  })();
  return { pid: shim.process.pid, answers };
}
