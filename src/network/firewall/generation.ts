import { call, close, open } from '../../syscalls/calls.ts';
import { room } from '../../syscalls/data.ts';
import { type Step, slot } from '../../syscalls/step.ts';
import { AF, O, SOCK } from '../../syscalls/uapi/flags.ts';
import { encode, type Message, u8, u16 } from '../netlink/netlink.ts';

/** <linux/netfilter/nfnetlink.h> and nf_tables.h: a type is the subsystem in its high byte, and what is asked of it. */
const NETLINK_NETFILTER = 12;
const NFNL_SUBSYS_NFTABLES = 10 << 8;
const NFT_MSG_NEWGEN = NFNL_SUBSYS_NFTABLES | 15;
const NFT_MSG_GETGEN = NFNL_SUBSYS_NFTABLES | 16;
const NLM_F_REQUEST = 1;
const MSG_DONTWAIT = 0x40;

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
 * Host section: asks nf_tables for the number that it counts up with each change of any rule (Linux 3.18), and leaves the
 * answer in `file`, from which the engine knows whether rules that it has seen are still the same: nothing of it is read
 * here, and a kernel without nf_tables is no failure.
 */
export function ruleGeneration(file: string): Step[] {
  const socket = slot('netfilter');
  const kept = slot('generation');
  const { data } = encode(getGeneration, 1);
  const answer = room(size, 'generation');
  const about = (why: string) => ({
    why,
    lesson: 'veth-and-bridge' as const,
    group: 'firewall',
    groupWhy: 'has anybody changed the rules of the firewall? the kernel counts',
  });
  const absent = ['EPROTONOSUPPORT', 'EAFNOSUPPORT'] as const;
  return [
    call('socket', [AF.AF_NETLINK, SOCK.SOCK_RAW | SOCK.SOCK_CLOEXEC, NETLINK_NETFILTER], {
      ...about("a socket to the host's firewall"),
      tolerate: absent,
      save: socket,
    }),
    call('sendto', [socket, data, data.bytes.length, 0, 0, 0], {
      ...about('how often have rules been changed?'),
      tolerate: ['EBADF'],
    }),
    call('recvfrom', [socket, answer, size, MSG_DONTWAIT, 0, 0], {
      ...about("take the kernel's answer"),
      tolerate: ['EBADF', 'EAGAIN'],
    }),
    close(socket, { ...about('not needed any more'), tolerate: ['EBADF'] }),
    open(file, O.O_CREAT | O.O_WRONLY, { ...about('where the engine looks for the answer'), save: kept }, 0o600),
    call('write', [kept, answer, size], about('for the engine: where the number is the same, so are the rules')),
    close(kept, about('written')),
  ];
}

/** The number in what `ruleGeneration` left; undefined where the kernel did not tell. */
export function parseGeneration(answer: Uint8Array): number | undefined {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  return answer.length === size && view.getUint16(4, true) === NFT_MSG_NEWGEN ? view.getUint32(size - 4) : undefined;
}
