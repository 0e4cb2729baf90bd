import { join } from 'node:path';
import { routes } from '../../src/api/routes/all.ts';
import { listenUnix } from '../../src/api/server/listen.ts';
import { serveApi } from '../../src/api/server/server.ts';
import { ApiTrace } from '../../src/api/trace/trace.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { Roots } from '../../src/state/paths.ts';
import { temporaryFolder } from './cleanup.ts';

export interface ServedEngine {
  /** Path of the socket. */
  readonly socket: string;
  /** Targets of the requests so far. */
  readonly requests: string[];
  /** How many requests are not answered to the end. */
  open(): number;
  /** This process ends only when it was called. */
  close(): Promise<void>;
}

/** Serves an engine of this process as the daemon does, on a socket of its own. */
export async function serveEngine(engine: Engine, { root, execRoot }: Roots): Promise<ServedEngine> {
  const socket = join(temporaryFolder('api'), 'minidock.sock');
  const requests: string[] = [];
  let open = 0;
  const settings = { root, execRoot, logDriver: 'json-file' };
  const { http, close } = serveApi(routes, { engine, settings, trace: new ApiTrace() });
  const count = (url: string, ends: (over: () => void) => void) => {
    requests.push(url);
    open++;
    ends(() => open--);
  };
  http.on('request', ({ url = '' }, response) => count(url, over => response.once('close', over)));
  http.on('upgrade', ({ url = '' }, stream) => count(url, over => stream.once('close', over)));
  const listener = await listenUnix(socket, http);
  return {
    socket,
    requests,
    open: () => open,
    close: () => {
      listener.close();
      return close(0);
    },
  };
}
