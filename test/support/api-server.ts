import http from 'node:http';
import { join } from 'node:path';
import { answerConnection, answerPlain, isPlain } from '../../src/api/routes/minidock/answer.ts';
import { ApiTrace } from '../../src/api/trace/trace.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { onExit, temporaryFolder } from './cleanup.ts';

export interface ServedEngine {
  /** Path of the socket. */
  readonly socket: string;
  /** Targets of the requests so far. */
  readonly requests: string[];
  /** How many requests are not answered to the end. */
  open(): number;
}

/** Serves an engine of this process on a socket of its own. */
export async function serveEngine(engine: Engine): Promise<ServedEngine> {
  const socket = join(temporaryFolder('api'), 'minidock.sock');
  const trace = new ApiTrace();
  const requests: string[] = [];
  let open = 0;
  const served = (answer: Promise<void>, url = '') => {
    requests.push(url);
    open++;
    void answer.finally(() => open--);
  };
  const server = http.createServer((request, response) => {
    if (isPlain(request))
      served(answerPlain(trace.begin(engine, request, response), request, response, trace), request.url);
    else response.writeHead(404).end();
  });
  server.on('upgrade', (request, stream, head) => served(answerConnection(engine, request, stream, head), request.url));
  await new Promise<void>(resolve => server.listen(socket, resolve));
  server.unref();
  onExit(() => server.close());
  return { socket, requests, open: () => open };
}
