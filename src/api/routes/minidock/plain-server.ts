import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Served } from '../../server/route.ts';
import { answerConnection, answerPlain, type Upgrade } from './answer.ts';

/** Answers clients that are minidock themselves, for a server that has told them from Docker's. */
export function plainServer({ engine, trace }: Pick<Served, 'engine' | 'trace'>) {
  return {
    answer(message: IncomingMessage, response: ServerResponse, abort: AbortSignal): void {
      void answerPlain(trace?.begin(engine, message, response) ?? engine, message, response, abort, trace);
    },
    connect(upgrade: Upgrade, abort: AbortSignal): void {
      const { message, response, socket } = upgrade;
      // Nobody answers by it: it tells how the connection began, and that it ended.
      socket.once('close', () => response.emit('close'));
      void answerConnection(trace?.begin(engine, message, response) ?? engine, upgrade, abort);
    },
  };
}
