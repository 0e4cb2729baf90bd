import {
  IN,
  type Message,
  type Question,
  type Response,
  rcodes,
  readMessage,
  types,
  writeResponse,
} from './message.ts';
import { MalformedMessage } from './name.ts';

/** Whoever asks: what it sees of the networks that it is on. */
export interface Asker {
  /** The addresses behind a name; undefined where it has none. `name` is in small letters. */
  addressesOf(name: string): readonly string[] | undefined;
  /** The name for an address. */
  nameOf(address: string): string | undefined;
  /** The name servers for what is not ours; where there is none, the rest of the world is not asked. */
  resolvers(): readonly string[];
  /** Names of one part are not asked for elsewhere: the user has set `ndots`. */
  readonly keepsShortNames: boolean;
}

/** What becomes of a packet. `nothing`: it is no query, and an answer could go round for ever. */
export type Outcome =
  | { readonly kind: 'answer'; readonly packet: Uint8Array }
  | { readonly kind: 'forward'; readonly query: Message }
  | { readonly kind: 'nothing' };

/** Docker's. Names that change live no longer than a resolver that caches lets them; those of a libc do not. */
const TTL = 600;
/** RFC 1035, 4.2.1: what a UDP answer may have where nothing else is said. */
const LEAST = 512;
/** Of UDP, what goes over any link without being cut up. Bytes. */
const TAKES = 1232;
/** A query has one name, and perhaps options. Bytes. */
const LONGEST_QUERY = 4096;

/**
 * Answers a query about names of the asker's networks. A name that is known has an address (A), and no record of another
 * type; PTR leads from an address to its name. Without an asker everything is refused: this is no resolver for the neighbourhood.
 *
 * @param turn counts the queries: several addresses change places from one answer to the next
 */
export function answer(packet: Uint8Array, asker: Asker | undefined, transport: 'udp' | 'tcp', turn = 0): Outcome {
  const query = readQuery(packet);
  if (query === undefined) return { kind: 'nothing' };
  const reply = (rcode: number, answers: Response['answers'] = []) => respond(query, rcode, answers, transport);
  if (query.broken) return reply(rcodes.FORMERR);
  if (query.opcode !== 0) return reply(rcodes.NOTIMP);
  const [question] = query.questions;
  const options = query.additionals.filter(({ type }) => type === types.OPT);
  if (question === undefined || query.questions.length > 1 || options.length > 1) return reply(rcodes.FORMERR);
  if (options[0] !== undefined && versionOf(options[0]) > 0) return reply(rcodes.BADVERS);
  if (asker === undefined) return reply(rcodes.REFUSED);
  const found = question.class === IN ? recordsFor(question, asker, turn) : undefined;
  if (found !== undefined) return reply(rcodes.NOERROR, found);
  const isShort = (question.type === types.A || question.type === types.AAAA) && !question.name.includes('.');
  if (asker.keepsShortNames && isShort) return reply(rcodes.NOERROR);
  if (asker.resolvers().length === 0) return reply(rcodes.SERVFAIL);
  return { kind: 'forward', query };
}

/** The answer to a query that cannot be answered. */
export function failure(query: Message, transport: 'udp' | 'tcp'): Uint8Array {
  return respond(query, rcodes.SERVFAIL, [], transport).packet;
}

/** The records of ours; undefined where the name is none of ours. */
function recordsFor({ name, type }: Question, asker: Asker, turn: number): Response['answers'] | undefined {
  const wanted = name.toLowerCase();
  const address = type === types.PTR ? addressIn(wanted) : undefined;
  if (address !== undefined) {
    const known = asker.nameOf(address);
    return known === undefined ? undefined : [{ name: known }];
  }
  const addresses = asker.addressesOf(wanted);
  if (addresses === undefined) return undefined;
  if (type !== types.A && type !== types.ANY) return [];
  const first = addresses.length === 0 ? 0 : turn % addresses.length;
  return [...addresses.slice(first), ...addresses.slice(0, first)].map(one => ({ address: one }));
}

/** `2.0.18.172.in-addr.arpa` (RFC 1035, 3.5) */
function addressIn(name: string): string | undefined {
  const [, ...bytes] = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name) ?? [];
  return bytes.length === 0 ? undefined : bytes.reverse().join('.');
}

type Query = Message & { readonly broken: boolean };

/** A query, of which perhaps only the header can be read; undefined for what is none. */
function readQuery(packet: Uint8Array): Query | undefined {
  if (packet.length < 12) return undefined;
  try {
    if (packet.length > LONGEST_QUERY) throw new MalformedMessage('the query is too long');
    const message = readMessage(packet);
    return message.isResponse ? undefined : { ...message, broken: false };
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    // Without what the counts promise the header is a message.
    const header = readMessage(Uint8Array.from([...packet.subarray(0, 4), ...new Uint8Array(8)]));
    return header.isResponse ? undefined : { ...header, broken: true };
  }
}

function respond(query: Message, rcode: number, answers: Response['answers'], transport: 'udp' | 'tcp') {
  const { id, opcode, recursionDesired, questions, additionals } = query;
  const options = additionals.find(({ type }) => type === types.OPT);
  const udp = Math.min(Math.max(options?.class ?? LEAST, LEAST), TAKES);
  const response: Response = {
    id,
    opcode,
    recursionDesired,
    rcode,
    ...(questions.length === 1 && { question: questions[0]! }),
    answers,
    ttl: TTL,
    ...(options && { takes: TAKES }),
  };
  return { kind: 'answer' as const, packet: writeResponse(response, transport === 'tcp' ? 0xffff : udp) };
}

/** RFC 6891, 6.1.3: the second byte of what is the TTL elsewhere. */
const versionOf = ({ ttl }: { ttl: number }) => (ttl >>> 16) & 0xff;
