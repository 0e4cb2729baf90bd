import { randomInt } from 'node:crypto';
import dgram from 'node:dgram';
import net from 'node:net';
import { rcodes, readMessage } from './message.ts';
import { MalformedMessage } from './name.ts';

/** A name server. The port is 53 except in tests. */
export interface Upstream {
  readonly address: string;
  readonly port: number;
}

/** How long one server has for its answer, in milliseconds; a client's own patience is five seconds (resolv.conf(5)). */
export const PATIENCE_MS = 2000;

/**
 * Asks one server after the other, as they stand in resolv.conf, until one answers. One that fails itself (SERVFAIL, REFUSED, NOTIMP) is
 * passed over while another is left. Resolves with the answer under the query's own id; undefined where none answered.
 */
export async function forward(
  query: Uint8Array,
  servers: readonly Upstream[],
  transport: 'udp' | 'tcp',
  patience = PATIENCE_MS,
): Promise<Uint8Array | undefined> {
  const ask = transport === 'udp' ? overUdp : overTcp;
  let poor: Uint8Array | undefined;
  for (const server of servers) {
    // A random id of our own: whoever asks us must not know which id to forge.
    const sent = withId(query, randomInt(0x1_0000));
    const got = await ask(sent, server, patience);
    if (got === undefined) continue;
    const answer = withId(got, (query[0]! << 8) | query[1]!);
    if (!failed.has(got[3]! & 15)) return answer;
    poor = answer;
  }
  return poor;
}

const failed = new Set<number>([rcodes.SERVFAIL, rcodes.REFUSED, rcodes.NOTIMP]);

function overUdp(query: Uint8Array, { address, port }: Upstream, patience: number): Promise<Uint8Array | undefined> {
  return new Promise(resolve => {
    const socket = dgram.createSocket(net.isIPv6(address) ? 'udp6' : 'udp4');
    const done = (answer?: Uint8Array) => {
      clearTimeout(timer);
      socket.removeAllListeners('error').on('error', () => {});
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(done, patience);
    // A connected socket receives packets from this server only, and gets an error where nobody listens.
    socket.on('error', () => done());
    socket.on('message', packet => {
      if (isAnswerTo(query, packet)) done(packet);
    });
    socket.on('connect', () => socket.send(query));
    socket.connect(port, address);
  });
}

function overTcp(query: Uint8Array, { address, port }: Upstream, patience: number): Promise<Uint8Array | undefined> {
  return new Promise(resolve => {
    const socket = net.connect(port, address);
    const frames = new Frames();
    const done = (answer?: Uint8Array) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(done, patience);
    socket.on('error', () => done());
    socket.on('end', () => done());
    socket.on('data', chunk => {
      for (const packet of frames.push(chunk)) if (isAnswerTo(query, packet)) return done(packet);
    });
    socket.write(framed(query));
  });
}

/** Whether it is a response to this very question: the number and the name with its letters as they were sent. */
function isAnswerTo(query: Uint8Array, packet: Uint8Array): boolean {
  if (packet.length < 12 || packet[0] !== query[0] || packet[1] !== query[1]) return false;
  try {
    const { isResponse, questions } = readMessage(packet);
    const [asked] = readMessage(query).questions;
    const [told] = questions;
    return isResponse && told?.name.toLowerCase() === asked?.name.toLowerCase() && told?.type === asked?.type;
  } catch (error) {
    if (error instanceof MalformedMessage) return false;
    throw error;
  }
}

function withId(packet: Uint8Array, id: number): Uint8Array {
  const copy = Uint8Array.from(packet);
  copy[0] = id >>> 8;
  copy[1] = id & 0xff;
  return copy;
}

/** A message as TCP carries it, with its length before it (RFC 1035, 4.2.2). */
export function framed(packet: Uint8Array): Uint8Array {
  return Uint8Array.from([packet.length >>> 8, packet.length & 0xff, ...packet]);
}

/** Puts the messages of a TCP connection together again. */
export class Frames {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const whole: Buffer[] = [];
    while (this.#rest.length >= 2 && this.#rest.length >= 2 + this.#rest.readUInt16BE(0)) {
      const end = 2 + this.#rest.readUInt16BE(0);
      whole.push(this.#rest.subarray(2, end));
      this.#rest = this.#rest.subarray(end);
    }
    return whole;
  }
}
