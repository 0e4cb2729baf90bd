import http from 'node:http';
import type { Socket } from 'node:net';
import { MinidockError } from '../../errors.ts';
import { version } from '../../version.ts';
import { isPlain } from '../routes/minidock/answer.ts';
import { plainServer } from '../routes/minidock/plain-server.ts';
import type { Exchange } from './exchange.ts';
import { upgradedExchange } from './hijack.ts';
import { send, sendFailure } from './reply.ts';
import { type Head, HttpRequest, readHead } from './request.ts';
import type { Route, Served } from './route.ts';
import { Router } from './router.ts';
import { newest } from './version.ts';

export interface ApiServer {
  /** For connections that were accepted elsewhere. */
  readonly http: http.Server;
  /** Takes no more requests, lets those that run end for so long (milliseconds), then cuts all connections. */
  close(graceMs: number): Promise<void>;
}

/** Answers requests by `routes`, each with one call of the engine. */
export function serveApi(routes: readonly Route[], served: Served): ApiServer {
  const router = new Router(routes);
  const connections = new Set<Socket>();
  /** What runs until its answer is written, or the connection that was taken over is closed. */
  const running = new Set<AbortController>();
  let stopping: MinidockError | undefined;

  const begin = (response: http.ServerResponse): AbortSignal => {
    const gone = new AbortController();
    if (stopping !== undefined) {
      gone.abort(stopping);
      response.shouldKeepAlive = false;
    }
    running.add(gone);
    response.once('close', () => {
      running.delete(gone);
      if (!response.writableFinished) gone.abort(new MinidockError('interrupted', 'the client went away'));
    });
    return gone.signal;
  };

  const answer = async (exchange: Exchange): Promise<void> => {
    const { message, response } = exchange;
    for (const [name, text] of Object.entries(headers)) response.setHeader(name, text);
    const abort = begin(response);
    let request: HttpRequest | undefined;
    try {
      abort.throwIfAborted();
      const head = readHead(message.url ?? '/');
      const { route, params } = find(head, message.method ?? 'GET');
      request = new HttpRequest(exchange, head, params, abort);
      const engine = served.trace?.begin(served.engine, message, response) ?? served.engine;
      await send(response, await route.handle(request, { ...served, engine }), head.version);
    } catch (error) {
      if (request?.hijacked) message.socket.destroy();
      else {
        // What is left of a body is read and dropped: a client that still sends would not see the answer of a closed connection.
        sendFailure(response, error);
        if (!exchange.upgraded) message.resume();
      }
    }
  };

  const find = ({ path }: Head, method: string) => {
    const match = router.find(method, path);
    if (match === undefined) throw new MinidockError('no-such-page', 'page not found');
    return match;
  };

  const plain = plainServer(served);
  const server = http.createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, (message, response) => {
    if (isPlain(message)) plain.answer(message, response, begin(response));
    else void answer({ message, response, body: message, rest: () => Buffer.alloc(0), upgraded: false });
  });
  server.on('upgrade', (message: http.IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => {});
    const response = new http.ServerResponse(message);
    if (isPlain(message)) plain.connect({ message, response, socket, head }, begin(response));
    else void answer(upgradedExchange(message, response, head));
  });
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });

  return {
    http: server,
    close: async graceMs => {
      stopping = new MinidockError('stopping', 'the daemon is stopping');
      server.closeIdleConnections();
      for (const one of running) one.abort(stopping);
      const until = Date.now() + graceMs;
      while (running.size > 0 && Date.now() < until) await new Promise(resolve => setTimeout(resolve, 20));
      for (const socket of connections) socket.destroy();
    },
  };
}

const headers = {
  'Api-Version': `1.${newest}`,
  'Docker-Experimental': 'false',
  Ostype: 'linux',
  Server: `minidock/${version} (linux)`,
};
