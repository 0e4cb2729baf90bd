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

/** Who asks a question, and what it may know of the networks that it is on. */
export interface Asker {
  /** The addresses of a name, which is in lower case; undefined where the name is unknown. */
  addressesOf(name: string): readonly string[] | undefined;
  /** The name for an address. */
  nameOf(address: string): string | undefined;
  /** The name servers for other names; where there is none, such questions are not forwarded. */
  resolvers(): readonly string[];
  /** Names without a dot are not forwarded: the user has set `ndots`. */
  readonly keepsShortNames: boolean;
}

/** How a packet is handled. `nothing`: it is not a query; a reply to a reply could go back and forth for ever. */
export type Outcome =
  | { readonly kind: 'answer'; readonly packet: Uint8Array }
  | { readonly kind: 'forward'; readonly query: Message }
  | { readonly kind: 'nothing' };

/** Docker's TTL, in seconds. A caching resolver may keep a name that long; the resolver of a libc does not cache. */
const TTL = 600;
/** RFC 1035, 4.2.1: the size of a UDP answer, in bytes, where the query says nothing else. */
const LEAST = 512;
/** The largest UDP message that we accept, in bytes: it passes any link without being fragmented. */
const TAKES = 1232;
/** In bytes: a query has one name and perhaps options. */
const LONGEST_QUERY = 4096;

/**
 * Answers a query about names of the asker's networks. A known name has an address (A) and no record of another type; PTR leads
 * from an address to its name. Without an asker everything is refused: this is no open resolver.
 *
 * @param turn counts the queries: several addresses are rotated from one answer to the next
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

/** The answer SERVFAIL. */
export function failure(query: Message, transport: 'udp' | 'tcp'): Uint8Array {
  return respond(query, rcodes.SERVFAIL, [], transport).packet;
}

/** The records for a name of ours; undefined for other names. */
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

/** A query, perhaps with a readable header only; undefined for what is no query. */
function readQuery(packet: Uint8Array): Query | undefined {
  if (packet.length < 12) return undefined;
  try {
    if (packet.length > LONGEST_QUERY) throw new MalformedMessage('the query is too long');
    const message = readMessage(packet);
    return message.isResponse ? undefined : { ...message, broken: false };
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    // The header alone, with its counts set to zero, is a valid message.
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

/** RFC 6891, 6.1.3: the version is the second byte of the field that is the TTL in other records. */
const versionOf = ({ ttl }: { ttl: number }) => (ttl >>> 16) & 0xff;
