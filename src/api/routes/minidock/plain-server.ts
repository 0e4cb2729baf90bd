import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Served } from '../../server/route.ts';
import { answerConnection, answerPlain } from './answer.ts';

/** Answers clients that are minidock themselves, for a server that has told them from Docker's. */
export function plainServer({ engine, trace }: Pick<Served, 'engine' | 'trace'>) {
  return {
    answer(request: IncomingMessage, response: ServerResponse): void {
      void answerPlain(trace?.begin(engine, request, response) ?? engine, request, response, trace);
    },
    connect(request: IncomingMessage, socket: Duplex, head: Buffer): void {
      // Nobody answers by it: it tells the trace how the connection began, and that it ended.
      const response = new ServerResponse(request);
      response.statusCode = 101;
      socket.once('close', () => response.emit('close'));
      void answerConnection(trace?.begin(engine, request, response) ?? engine, request, socket, head);
    },
  };
}
