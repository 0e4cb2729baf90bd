import { addressBytes } from '../ipv4.ts';
import { MalformedMessage, nameBytes, readName } from './name.ts';

/** RFC 1035, 3.2.2 and 3.2.3; AAAA: RFC 3596; OPT: RFC 6891. */
export const types = { A: 1, PTR: 12, AAAA: 28, OPT: 41, ANY: 255 } as const;
export const IN = 1;

/** RFC 1035, 4.1.1; BADVERS: RFC 6891, 6.1.3. */
export const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const;

/** The bits of the header's second word. */
const QR = 0x8000;
const TC = 0x0200;
const RD = 0x0100;
const RA = 0x0080;

export interface Question {
  /** As text, without the last dot, in the spelling of the asker. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

export interface ResourceRecord extends Question {
  readonly ttl: number;
  /** It may hold compressed names, which can be read only within the packet. */
  readonly data: Uint8Array;
  /** Where the data begins in the packet that was read. */
  readonly at: number;
}

export interface Message {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly rcode: number;
  readonly questions: readonly Question[];
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
}

/** Reads a whole packet. Throws `MalformedMessage`. Bytes after the last record are ignored. */
export function readMessage(packet: Uint8Array): Message {
  if (packet.length < 12) throw new MalformedMessage('the packet has no whole header');
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const flags = view.getUint16(2);
  let offset = 12;
  const word = (at: number) => {
    if (at + 2 > packet.length) throw new MalformedMessage('the packet ends too early');
    return view.getUint16(at);
  };
  const question = (): Question => {
    const { name, end } = readName(packet, offset);
    offset = end + 4;
    return { name, type: word(end), class: word(end + 2) };
  };
  const record = (): ResourceRecord => {
    const asked = question();
    const ttl = word(offset) * 0x1_0000 + word(offset + 2);
    const at = offset + 6;
    offset = at + word(offset + 4);
    if (offset > packet.length) throw new MalformedMessage('the packet ends within a record');
    return { ...asked, ttl, data: packet.subarray(at, offset), at };
  };
  // The counts may be larger than the packet: nothing is allocated for them.
  const many = <T>(count: number, read: () => T): T[] => {
    const found: T[] = [];
    while (found.length < count) found.push(read());
    return found;
  };
  return {
    id: view.getUint16(0),
    isResponse: (flags & QR) !== 0,
    opcode: (flags >>> 11) & 15,
    truncated: (flags & TC) !== 0,
    recursionDesired: (flags & RD) !== 0,
    rcode: flags & 15,
    questions: many(view.getUint16(4), question),
    answers: many(view.getUint16(6), record),
    authorities: many(view.getUint16(8), record),
    additionals: many(view.getUint16(10), record),
  };
}

/** A record of an answer: an address, or a name. */
export type Answer = { readonly address: string } | { readonly name: string };

export interface Response {
  readonly id: number;
  readonly opcode: number;
  readonly recursionDesired: boolean;
  readonly rcode: number;
  readonly question?: Question;
  readonly answers: readonly Answer[];
  /** Seconds. */
  readonly ttl: number;
  /** The size of UDP messages that we accept; written where the query has an OPT record. */
  readonly takes?: number;
}

/**
 * A response of at most `limit` bytes. Answers that do not fit are left out and the bit TC is set, after which a client asks
 * again over TCP (RFC 2181, 9).
 */
export function writeResponse(response: Response, limit: number): Uint8Array {
  // A record has at least 14 bytes.
  for (let count = Math.min(response.answers.length, Math.floor(limit / 14)); ; count--) {
    const packet = write(response, count);
    if (packet.length <= limit || count === 0) return packet;
  }
}

function write({ id, opcode, recursionDesired, rcode, question, answers, ttl, takes }: Response, count: number) {
  const seen = new Map<string, number>();
  const flags =
    QR | (opcode << 11) | (count < answers.length ? TC : 0) | (recursionDesired ? RD : 0) | RA | (rcode & 15);
  const bytes = [id, flags, question ? 1 : 0, count, 0, takes === undefined ? 0 : 1].flatMap(u16);
  const owner = (name: string) => bytes.push(...nameBytes(name, seen, bytes.length));
  if (question) {
    owner(question.name);
    bytes.push(...u16(question.type), ...u16(question.class));
  }
  for (const answer of answers.slice(0, count)) {
    owner(question!.name);
    const isAddress = 'address' in answer;
    bytes.push(...u16(isAddress ? types.A : types.PTR), ...u16(IN), ...u16(ttl >>> 16), ...u16(ttl & 0xffff));
    const data = isAddress ? [...addressBytes(answer.address)] : nameBytes(answer.name, seen, bytes.length + 2);
    bytes.push(...u16(data.length), ...data);
  }
  // RFC 6891, 6.1.2: the class is the size, the TTL begins with the high bits of the code.
  if (takes !== undefined) bytes.push(0, ...u16(types.OPT), ...u16(takes), rcode >>> 4, 0, 0, 0, 0, 0);
  return Uint8Array.from(bytes);
}

const u16 = (value: number): [number, number] => [value >>> 8, value & 0xff];

/** A query with one question. `takes`: the accepted size of a UDP answer in bytes, in an OPT record. */
export function writeQuery(id: number, question: Question, { takes }: { takes?: number } = {}): Uint8Array {
  return Uint8Array.from([
    ...[id, RD, 1, 0, 0, takes === undefined ? 0 : 1].flatMap(u16),
    ...nameBytes(question.name),
    ...u16(question.type),
    ...u16(question.class),
    ...(takes === undefined ? [] : [0, ...u16(types.OPT), ...u16(takes), 0, 0, 0, 0, 0, 0]),
  ]);
}
