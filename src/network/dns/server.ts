import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { type Asker, answer, failure } from './answer.ts';
import { Frames, forward, framed, PATIENCE_MS, type Upstream } from './exchange.ts';

/** The most forwarded questions that may wait at once, of all askers and of one, so that no asker uses up the whole number. */
const MOST_WAITING = 512;
const MOST_WAITING_OF_ONE = 64;
/** The most TCP connections at once, likewise; a connection that is silent for IDLE_MS is closed. */
const MOST_CONNECTIONS = 256;
const MOST_CONNECTIONS_OF_ONE = 16;
const IDLE_MS = 10_000;
/** Bytes of answers that a connection may leave unread. */
const MOST_UNREAD = 1 << 20;

export interface ServerOptions {
  /** The asker, by its address; undefined for strangers. */
  askerAt(address: string): Asker | undefined;
  /** Where it listens; 0 lets the kernel choose. */
  port: number;
  /** 53 in all but tests. */
  upstreamPort?: number;
  patience?: number;
}

/** Answers DNS queries, over UDP and TCP, at any number of addresses. */
export class DnsServer {
  readonly #options: ServerOptions;
  readonly #listening = new Map<string, Listener>();
  readonly #waiting = new Counter(MOST_WAITING, MOST_WAITING_OF_ONE);
  readonly #connected = new Counter(MOST_CONNECTIONS, MOST_CONNECTIONS_OF_ONE);
  #turn = 0;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  /** The addresses at which it answers. */
  get addresses(): string[] {
    return [...this.#listening.keys()];
  }

  /** Starts answering at an address. Rejects with the kernel's error where the port is taken or the address does not exist. */
  async listen(address: string): Promise<void> {
    if (this.#listening.has(address)) return;
    const { port } = this.#options;
    const udp = dgram.createSocket('udp4');
    const tcp = net.createServer({ allowHalfOpen: true }, socket => this.#serve(socket));
    try {
      udp.bind({ address, port, exclusive: true });
      await once(udp, 'listening');
      tcp.listen({ host: address, port: udp.address().port, exclusive: true });
      await once(tcp, 'listening');
    } catch (error) {
      udp.close();
      tcp.close();
      throw error;
    }
    const listener: Listener = { udp, tcp, sockets: new Set() };
    // The bridge may disappear while an answer is being sent.
    udp.on('error', () => {});
    tcp.on('error', () => {});
    tcp.on('connection', socket => {
      listener.sockets.add(socket);
      socket.once('close', () => listener.sockets.delete(socket));
    });
    udp.on('message', (packet, from) => {
      void this.#reply(packet, from.address, 'udp', answer => {
        if (this.#listening.get(address) === listener) udp.send(answer, from.port, from.address, () => {});
      });
    });
    this.#listening.set(address, listener);
  }

  /** The port that the kernel chose, for tests. */
  portAt(address: string): number | undefined {
    return this.#listening.get(address)?.udp.address().port;
  }

  close(address: string): void {
    const listener = this.#listening.get(address);
    this.#listening.delete(address);
    listener?.udp.close();
    listener?.tcp.close();
    for (const socket of listener?.sockets ?? []) socket.destroy();
  }

  /** One connection may carry several queries, which are answered as each is done (RFC 7766). */
  #serve(socket: net.Socket): void {
    const from = socket.remoteAddress ?? '';
    if (!this.#connected.enter(from)) {
      socket.destroy();
      return;
    }
    const frames = new Frames();
    let pending = 0;
    let isOver = false;
    const endIfDone = () => {
      if (isOver && pending === 0) socket.end();
    };
    socket.once('close', () => this.#connected.leave(from));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('data', chunk => {
      for (const packet of frames.push(chunk)) {
        pending++;
        void this.#reply(packet, from, 'tcp', answer => {
          if (socket.writable) socket.write(framed(answer));
          // A client that asks and does not read the answers.
          if (socket.writableLength > MOST_UNREAD) socket.destroy();
        }).then(() => {
          pending--;
          endIfDone();
        });
      }
    });
    socket.on('end', () => {
      isOver = true;
      endIfDone();
    });
  }

  /** Never rejects: no question may end the process that answers all. */
  async #reply(
    packet: Uint8Array,
    from: string,
    transport: 'udp' | 'tcp',
    send: (answer: Uint8Array) => void,
  ): Promise<void> {
    const { upstreamPort = 53, patience = PATIENCE_MS } = this.#options;
    const asker = this.#askerAt(from);
    const outcome = answer(packet, asker, transport, this.#turn++);
    if (outcome.kind === 'answer') return send(outcome.packet);
    if (outcome.kind === 'nothing') return;
    if (!this.#waiting.enter(from)) return send(failure(outcome.query, transport));
    try {
      const servers = (asker?.resolvers() ?? []).map((address): Upstream => ({ address, port: upstreamPort }));
      send((await forward(packet, servers, transport, patience)) ?? failure(outcome.query, transport));
    } catch {
      send(failure(outcome.query, transport));
    } finally {
      this.#waiting.leave(from);
    }
  }

  /** A failure to find out who asks (too many open files, for example) makes the asker a stranger. */
  #askerAt(address: string): Asker | undefined {
    try {
      return this.#options.askerAt(address);
    } catch {
      return undefined;
    }
  }
}

interface Listener {
  readonly udp: dgram.Socket;
  readonly tcp: net.Server;
  readonly sockets: Set<net.Socket>;
}

/** Counts something for each asker. */
class Counter {
  readonly #held = new Map<string, number>();
  #all = 0;

  constructor(
    readonly most: number,
    readonly mostOfOne: number,
  ) {}

  enter(who: string): boolean {
    const held = this.#held.get(who) ?? 0;
    if (this.#all >= this.most || held >= this.mostOfOne) return false;
    this.#held.set(who, held + 1);
    this.#all++;
    return true;
  }

  leave(who: string): void {
    const left = (this.#held.get(who) ?? 1) - 1;
    if (left === 0) this.#held.delete(who);
    else this.#held.set(who, left);
    this.#all--;
  }
}
