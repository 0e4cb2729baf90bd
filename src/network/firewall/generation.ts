import { call, close, open } from '../../syscalls/calls.ts';
import { room } from '../../syscalls/data.ts';
import { type Step, slot } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { AF, MSG, O, SOCK } from '../../syscalls/uapi/flags.ts';
import { encode, type Message, u8, u16 } from '../netlink/netlink.ts';

/** <linux/netfilter/nfnetlink.h> and nf_tables.h: a type is the subsystem in its high byte, and what is asked of it. */
const NETLINK_NETFILTER = 12;
const NFNL_SUBSYS_NFTABLES = 10 << 8;
const NFT_MSG_NEWGEN = NFNL_SUBSYS_NFTABLES | 15;
const NFT_MSG_GETGEN = NFNL_SUBSYS_NFTABLES | 16;
const NLM_F_REQUEST = 1;

/** Header of netlink, struct nfgenmsg, and the first attribute, NFTA_GEN_ID, with its header. */
const size = 16 + 4 + 8;

const getGeneration: Message = {
  type: NFT_MSG_GETGEN,
  flags: NLM_F_REQUEST,
  // struct nfgenmsg: any family, version 0, no resource.
  content: [u8(0), u8(0), u16(0)],
  words: 'get generation of nf_tables',
};

/**
 * Host section: reads the generation of nf_tables, which grows with each change of any rule (Linux 3.18), and leaves the
 * kernel's answer in `file`. By it the engine knows whether rules that it has checked are still the same. The program itself
 * does not look at the answer, and a kernel without nf_tables is no failure.
 */
export function ruleGeneration(file: string): Step[] {
  const socket = slot('netfilter');
  const kept = slot('generation');
  const { data } = encode(getGeneration, 1);
  const answer = room(size, 'generation');
  const about = (why: Text) => ({
    why,
    lesson: 'veth-and-bridge' as const,
    group: 'firewall',
    groupWhy: {
      en: 'ask how often the firewall rules have changed, to see later whether anybody did',
      zh: '查询防火墙规则被改动过多少次，以后就知道有没有人改过',
    },
  });
  const absent = ['EPROTONOSUPPORT', 'EAFNOSUPPORT'] as const;
  return [
    call('socket', [AF.AF_NETLINK, SOCK.SOCK_RAW | SOCK.SOCK_CLOEXEC, NETLINK_NETFILTER], {
      ...about({ en: 'open a socket to the firewall of the host', zh: '打开通向宿主机防火墙的套接字' }),
      tolerate: absent,
      save: socket,
    }),
    call('sendto', [socket, data, data.bytes.length, 0, 0, 0], {
      ...about({ en: 'ask the kernel how often firewall rules have changed', zh: '询问内核：防火墙规则改动过多少次' }),
      tolerate: ['EBADF'],
    }),
    call('recvfrom', [socket, answer, size, MSG.MSG_DONTWAIT, 0, 0], {
      ...about({ en: 'read the count of changes from the kernel', zh: '读取内核给出的改动次数' }),
      tolerate: ['EBADF', 'EAGAIN'],
    }),
    close(socket, {
      ...about({ en: 'the count is read, so the socket is not needed', zh: '次数已经读到，不再需要这个套接字' }),
      tolerate: ['EBADF'],
    }),
    open(
      file,
      O.O_CREAT | O.O_WRONLY,
      {
        ...about({ en: 'open the file in which the engine looks for the count', zh: '打开引擎查看这个次数的文件' }),
        save: kept,
      },
      0o600,
    ),
    call(
      'write',
      [kept, answer, size],
      about({
        en: 'write the count for the engine: while it is the same, the rules are, too',
        zh: '为引擎写下这个次数：次数不变，规则也没变',
      }),
    ),
    close(kept, about({ en: 'the count is written, so the file is closed', zh: '次数已经写下，关闭文件' })),
  ];
}

/** The number in what `ruleGeneration` left; undefined where the kernel did not tell. */
export function parseGeneration(answer: Uint8Array): number | undefined {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  return answer.length === size && view.getUint16(4, true) === NFT_MSG_NEWGEN ? view.getUint32(size - 4) : undefined;
}
