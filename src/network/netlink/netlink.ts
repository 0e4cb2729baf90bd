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

/**
 * A number of 32 bits, text, bytes, an attribute, or four bytes that are known only when the program runs: a descriptor, an
 * interface's index.
 */
export type Part = number | string | Uint8Array | Attribute | Slot | Word;

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

/** NUL-terminated, as interface names are. */
export const zstring = (value: string) => `${value}\0`;

/** A place in the encoded message that a `store` step fills in. */
export interface Hole {
  readonly at: number;
  readonly from: Slot | Word;
}

/** The message as bytes, its holes zero. `sequence` comes back in the kernel's answer. `place` is for many of them. */
export function encode(message: Message, sequence: number, place = new Room()): { data: Data; holes: readonly Hole[] } {
  const { buffer, view } = place;
  place.at = headerSize;
  place.holes = [];
  for (let i = 0; i < message.content.length; i++) place.put(message.content[i]!);
  view.setUint32(0, place.at, true);
  view.setUint16(4, message.type, true);
  view.setUint16(6, message.flags, true);
  view.setUint32(8, sequence, true);
  view.setUint32(12, 0, true);
  const content = new Uint8Array(place.at);
  content.set(buffer.subarray(0, place.at));
  return { data: bytes(content, message.words), holes: place.holes };
}

/** Where a message is put together. It is not cleared: each byte is written. */
class Room {
  readonly buffer = Buffer.alloc(maxMessage);
  readonly view = new DataView(this.buffer.buffer);
  at = 0;
  holes: Hole[] = [];

  put(part: Part): void {
    if (typeof part === 'number') {
      this.view.setUint32(this.at, part, true);
      this.at += 4;
    } else if (typeof part === 'string') {
      this.at += this.buffer.write(part, this.at);
    } else if (part instanceof Uint8Array) {
      this.buffer.set(part, this.at);
      this.at += part.length;
    } else if (part.kind === 'attribute') {
      const start = this.at;
      this.at += 4;
      for (let i = 0; i < part.content.length; i++) this.put(part.content[i]!);
      this.view.setUint16(start, this.at - start, true);
      this.view.setUint16(start + 2, part.type, true);
      while (this.at % 4 !== 0) this.buffer[this.at++] = 0;
    } else {
      this.holes.push({ at: this.at, from: part });
      this.put(0);
    }
  }
}

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
  const place = new Room();
  const steps: Step[] = [];
  const check = (step: Expect, message: Message) => {
    checks.set(step, message);
    steps.push(step);
  };
  for (const [index, { message, why }] of requests.entries()) {
    const sequence = index + 1;
    const { data, holes } = encode(message, sequence, place);
    const answer = message.reply?.data ?? ack;
    for (const { at, from } of holes)
      steps.push(
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
    );
    const { words } = message;
    const told = message.reply
      ? { en: `the answer must be the reply to: ${words}`, zh: `应答必须对应这个请求：${words}` }
      : { en: `the answer must be the acknowledgement of: ${words}`, zh: `应答必须是对这个请求的确认：${words}` };
    check(expect(answer, 4, answerTo(message, sequence), { ...about, why: told }, typeAndSequence), message);
    if (!message.reply)
      check(
        expect(
          ack,
          headerSize,
          noError,
          {
            ...about,
            why: {
              en: `the acknowledgement must report no error: ${words}`,
              zh: `确认里必须没有错误：${words}`,
            },
          },
          wholeNumber,
        ),
        message,
      );
  }
  return steps;
}

/** Type, flags and sequence number of an answer's header. */
function answerTo({ reply }: Message, sequence: number): Uint8Array {
  const found = new Uint8Array(8);
  const view = new DataView(found.buffer);
  view.setUint16(0, reply?.type ?? NLMSG_ERROR, true);
  view.setUint32(4, sequence, true);
  return found;
}

/** Masks for it, and for an error with its value. */
const typeAndSequence = Uint8Array.of(0xff, 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff);
const wholeNumber = Uint8Array.of(0xff, 0xff, 0xff, 0xff);
const noError = new Uint8Array(4);

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
