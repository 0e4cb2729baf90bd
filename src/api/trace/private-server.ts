import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import type { Engine } from '../../engine/engine.ts';
import { answerConnection, answerPlain, isPlain } from '../routes/minidock/answer.ts';
import type { ApiTrace } from './trace.ts';

/** A daemon for as long as a command is watched: in this process, on a socket that only its user may use. */
export async function servePrivately(engine: Engine, trace: ApiTrace): Promise<{ host: string; close(): void }> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-trace-'));
  const socket = path.join(folder, 'minidock.sock');
  const server = http.createServer({ requestTimeout: 0 }, (request, response) => {
    if (isPlain(request)) void answerPlain(trace.begin(engine, request, response), request, response, trace);
    else response.writeHead(404, { 'Content-Type': 'application/json' }).end('{"message":"page not found"}');
  });
  server.on('upgrade', (request, stream, head) => {
    const response = new http.ServerResponse(request);
    response.statusCode = 101;
    stream.once('close', () => response.emit('close'));
    void answerConnection(trace.begin(engine, request, response), request, stream, head);
  });
  await new Promise<void>(resolve => server.listen(socket, resolve));
  return {
    host: `unix://${socket}`,
    close: () => {
      server.close();
      server.closeAllConnections();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}
