import { call, expect, store } from '../../syscalls/calls.ts';
import { bytes, type Data, room } from '../../syscalls/data.ts';
import type { Expect, Reason, Slot, Step, Word } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { errnoName } from '../../syscalls/uapi/errno.ts';
import { AF, SOCK } from '../../syscalls/uapi/flags.ts';

/**
 * netlink(7): how a process asks the kernel for links, addresses and routes. A message is a header, a structure of its
 * type and attributes, which may hold attributes. Everything is in the byte order of the machine, which is
 * little-endian on x86_64 and arm64.
 *
 *      0        4      6       8     12    16
 *      | length | type | flags | seq | pid | structure | attribute | attribute …
 *                                                       | length | type | value, padded to 4 |
 */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly content: readonly Part[];
  /** The message as arguments of `ip`. */
  readonly words: string;
  /** Where the kernel's reply is stored, for a message that asks for something; other messages are acknowledged. */
  readonly reply?: { readonly type: number; readonly data: Data };
}

/** Bytes, an attribute, or four bytes that are known only when the program runs: a descriptor, an interface's index. */
export type Part = Uint8Array | Attribute | Slot | Word;

export interface Attribute {
  readonly kind: 'attribute';
  readonly type: number;
  readonly content: readonly Part[];
}

/** <linux/netlink.h>. A bare NLM_F_CREATE changes what exists; with NLM_F_EXCL that is EEXIST. */
export const NLM_F = {
  NLM_F_REQUEST: 1,
  NLM_F_ACK: 4,
  NLM_F_REPLACE: 0x100,
  NLM_F_EXCL: 0x200,
  NLM_F_CREATE: 0x400,
} as const;
const NLMSG_ERROR = 2;
const headerSize = 16;
/** Header, errno, and the header of the message that it answers. */
const ackSize = headerSize + 4 + headerSize;
const maxMessage = 4096;

export function attribute(type: number, ...content: readonly Part[]): Attribute {
  return { kind: 'attribute', type, content };
}

export function u8(value: number): Uint8Array {
  return Uint8Array.of(value);
}

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >>> 8) & 0xff);
}

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
}

/** NUL-terminated, as interface names are. */
export function zstring(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`);
}

/** A place in the encoded message that a `store` step fills in. */
export interface Hole {
  readonly at: number;
  readonly from: Slot | Word;
}

/** The message as bytes, its holes zero. `sequence` comes back in the kernel's answer. */
export function encode(message: Message, sequence: number): { data: Data; holes: readonly Hole[] } {
  const buffer = new Uint8Array(maxMessage);
  const view = new DataView(buffer.buffer);
  const holes: Hole[] = [];
  let at = headerSize;
  const put = (part: Part): void => {
    if (part instanceof Uint8Array) {
      buffer.set(part, at);
      at += part.length;
    } else if (part.kind === 'attribute') {
      const start = at;
      at += 4;
      for (const inner of part.content) put(inner);
      view.setUint16(start, at - start, true);
      view.setUint16(start + 2, part.type, true);
      at = align(at);
    } else {
      holes.push({ at, from: part });
      at += 4;
    }
  };
  for (const part of message.content) put(part);
  view.setUint32(0, at, true);
  view.setUint16(4, message.type, true);
  view.setUint16(6, message.flags, true);
  view.setUint32(8, sequence, true);
  return { data: bytes(buffer.slice(0, at), message.words), holes };
}

const align = (offset: number): number => (offset + 3) & ~3;

/** Parts of the kernel that speak netlink (<linux/netlink.h>): links, addresses and routes; packet filter and connection tracking. */
const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

/** The step that opens a netlink socket. It talks to the network namespace that the process is in at this moment. */
export function openNetlink(save: Slot, about: Reason, protocol = NETLINK_ROUTE): Step {
  return call('socket', [AF.AF_NETLINK, SOCK.SOCK_RAW | SOCK.SOCK_CLOEXEC, protocol], { ...about, save });
}

export interface Request {
  readonly message: Message;
  readonly why: Text;
}

/**
 * The steps that send each message and check its answer. The kernel works on a routing message within sendto(2), so the
 * answer is there when recvfrom(2) asks for it, and a program can never hang here.
 */
export function exchange(socket: Slot, requests: readonly Request[], about: Omit<Reason, 'why'> = {}): Step[] {
  const ack = room(ackSize, 'acknowledgement');
  return requests.flatMap(({ message, why }, index): Step[] => {
    const sequence = index + 1;
    const { data, holes } = encode(message, sequence);
    const answer = message.reply?.data ?? ack;
    const steps: Step[] = holes.map(({ at, from }) =>
      store(from, data, at, 'u32', {
        ...about,
        why: { en: `write ${from.name} into the message`, zh: `把 ${from.name} 写进消息` },
      }),
    );
    steps.push(
      call('sendto', [socket, data, data.bytes.length, 0, 0, 0], { ...about, why }),
      call('recvfrom', [socket, answer, answer.bytes.length, 0, 0, 0], {
        ...about,
        why: { en: 'read the answer of the kernel', zh: '读取内核的应答' },
      }),
      expect(
        answer,
        4,
        concat(u16(message.reply?.type ?? NLMSG_ERROR), u16(0), u32(sequence)),
        {
          ...about,
          why: message.reply
            ? {
                en: `the answer must be the reply to: ${message.words}`,
                zh: `应答必须对应这个请求：${message.words}`,
              }
            : {
                en: `the answer must be the acknowledgement of: ${message.words}`,
                zh: `应答必须是对这个请求的确认：${message.words}`,
              },
        },
        concat(u16(0xffff), u16(0), u32(0xffffffff)),
      ),
    );
    if (!message.reply) {
      steps.push(
        expect(ack, headerSize, u32(0), {
          ...about,
          why: {
            en: `the acknowledgement must report no error: ${message.words}`,
            zh: `确认里必须没有错误：${message.words}`,
          },
        }),
      );
    }
    for (const step of steps) if (step.op === 'expect') checks.set(step, message);
    return steps;
  });
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(part => [...part]));
}

/** The errno of an acknowledgement (`EEXIST`), `0` for success, undefined where `answer` is no acknowledgement. */
export function errorOfAck(answer: Uint8Array): string | undefined {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  if (answer.length < headerSize + 4 || view.getUint16(4, true) !== NLMSG_ERROR) return undefined;
  const error = view.getInt32(headerSize, true);
  return error === 0 ? '0' : errnoName(-error);
}

const checks = new WeakMap<Step, Message>();

/** The message whose answer is checked by `step`; undefined for other steps. */
export function messageOf(step: Step): Message | undefined {
  return checks.get(step);
}

/**
 * The errno that a failed check of `exchange` found (`StepError.seen`: the error field of an acknowledgement). Undefined where
 * the check was one of a reply that did not come.
 */
export function errorOfCheck(step: Expect, seen: bigint): string | undefined {
  if (step.at !== headerSize) return undefined;
  return errnoName(-Number(BigInt.asIntN(32, seen)));
}
