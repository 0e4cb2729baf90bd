import http from 'node:http';
import { join } from 'node:path';
import { answerConnection, answerPlain, isPlain } from '../../src/api/routes/minidock/answer.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { onExit, temporaryFolder } from './cleanup.ts';

/** Serves an engine of this process on a socket of its own; its path. */
export async function serveEngine(engine: Engine): Promise<string> {
  const socket = join(temporaryFolder('api'), 'minidock.sock');
  const server = http.createServer((request, response) => {
    if (isPlain(request)) void answerPlain(engine, request, response, () => 500);
    else response.writeHead(404).end();
  });
  server.on('upgrade', (request, stream, head) => void answerConnection(engine, request, stream, head, () => 500));
  await new Promise<void>(resolve => server.listen(socket, resolve));
  server.unref();
  onExit(() => server.close());
  return socket;
}
