import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import { takenOver } from '../trace/trace.ts';
import { bodyOf } from './body.ts';
import type { Exchange } from './exchange.ts';

/**
 * An exchange over a connection that Node's HTTP server has let go of, because the client asked for an upgrade: the body, if
 * there is one, is read from the connection here.
 *
 * @param head what was read beyond the head of the request
 */
export function upgradedExchange(message: IncomingMessage, response: ServerResponse, head: Buffer): Exchange {
  const { socket } = message;
  response.assignSocket(socket);
  response.shouldKeepAlive = false;
  // Node no longer closes a connection that it has handed over, so an answer that is no upgrade is the last one on it.
  response.once('finish', () => socket.destroySoon());
  const body = bodyOf(message.headers);
  let isRead = false;
  async function* content(): AsyncGenerator<Buffer> {
    isRead = true;
    for (let chunk: Buffer | undefined = head; ; chunk = await nextChunk(socket)) {
      if (chunk === undefined) return;
      const own = body.take(chunk);
      if (own.length > 0) yield own;
      if (body.isOver) return;
    }
  }
  return {
    ...{ message, response, upgraded: true },
    body: Readable.from(content(), { objectMode: false }),
    rest: () => (isRead ? body.rest : head),
  };
}

/** The next chunk of a connection and nothing after it; undefined where the connection has ended. */
function nextChunk(socket: Socket): Promise<Buffer | undefined> {
  return new Promise(resolve => {
    const done = (chunk?: Buffer) => {
      socket.off('data', done).off('end', ended).off('close', ended).pause();
      resolve(chunk);
    };
    const ended = () => done();
    socket.on('data', done).once('end', ended).once('close', ended);
  });
}

/**
 * The connection itself, after the head of an answer: 101 where the client asked for an upgrade, else 200, after which, as with
 * Docker's daemon, the connection is no HTTP any more.
 */
export function takeOver({ message, response, rest, upgraded }: Exchange, contentType: string): Duplex {
  const { socket } = message;
  response.detachSocket(socket);
  response.statusCode = upgraded ? 101 : 200;
  socket.once('close', () => response.emit('close'));
  if (!upgraded) {
    // What Node's HTTP server listens to; the one of `close` frees its parser.
    for (const event of ['data', 'end', 'drain', 'error', 'timeout']) socket.removeAllListeners(event);
    // Without a listener a client that resets its connection before the route listens would end the process.
    socket.on('error', () => {});
  }
  socket.setTimeout(0);
  watchHalf(socket);
  const head = upgraded
    ? ['HTTP/1.1 101 UPGRADED', `Content-Type: ${contentType}`, 'Connection: Upgrade', 'Upgrade: tcp']
    : ['HTTP/1.1 200 OK', `Content-Type: ${contentType}`];
  for (const [name, value] of Object.entries(response.getHeaders())) head.push(`${name}: ${value}`);
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  response.emit(takenOver);
  const early = rest();
  if (early.length > 0) socket.unshift(early);
  return socket;
}

/**
 * Closes a connection whose client is gone and not only silent, which look alike to a reader. An empty write to a Unix socket
 * whose other end is closed gives EPIPE (unix(7)); for TCP the kernel probes by itself (keep-alive).
 */
function watchHalf(socket: Socket): void {
  if (socket.remoteAddress !== undefined) socket.setKeepAlive(true, 30_000);
  socket.once('end', () => {
    const timer = setInterval(() => {
      if (socket.writable && socket.writableLength === 0) socket.write(nothing);
    }, 1000).unref();
    socket.once('close', () => clearInterval(timer));
  });
}

const nothing = Buffer.alloc(0);
