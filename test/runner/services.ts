import { createServer } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from '../support/cleanup.ts';
import { resetDockerd, startDockerd } from '../support/dockerd.ts';

/**
 * Lends a Docker daemon to test files, over a socket whose path test processes find in MINIDOCK_TEST_SERVICES. Whoever
 * connects is answered with a line of JSON, `{ "host": "unix://…" }` or `{ "error": "…" }`, and has the daemon for itself
 * until the connection ends; then it is emptied for the next one. The first is started when somebody asks, another one only
 * while all are lent: never more than lanes. They end with this process.
 */
export function serveServices(): string {
  const path = join(temporaryFolder('services'), 's');
  const idle: string[] = [];
  const server = createServer(async socket => {
    socket.on('error', () => {});
    const ended = new Promise(resolve => socket.once('close', resolve));
    try {
      const host = idle.pop() ?? (await startDockerd());
      socket.write(`${JSON.stringify({ host })}\n`);
      socket.resume();
      await ended;
      if (await resetDockerd(host)) idle.push(host);
    } catch (error) {
      socket.end(`${JSON.stringify({ error: (error as Error).message })}\n`);
    }
  });
  server.listen(path).unref();
  return path;
}
