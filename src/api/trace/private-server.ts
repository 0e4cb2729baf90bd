import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Engine } from '../../engine/engine.ts';
import type { Roots } from '../../state/paths.ts';
import { routes } from '../routes/all.ts';
import { listenUnix } from '../server/listen.ts';
import { serveApi } from '../server/server.ts';
import type { ApiTrace } from './trace.ts';

/** A daemon for as long as a command is watched: in this process, on a socket that only its user can reach. */
export async function servePrivately(
  engine: Engine,
  trace: ApiTrace,
  { root, execRoot, logDefaults }: Roots & { logDefaults: { driver?: string } },
): Promise<{ host: string; close(): Promise<void> }> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'minidock-trace-'));
  const settings = { root, execRoot, logDriver: logDefaults.driver || 'json-file' };
  const server = serveApi(routes, { engine, settings, trace });
  const listener = await listenUnix(path.join(folder, 'minidock.sock'), server.http);
  return {
    host: listener.name,
    close: async () => {
      listener.close();
      await server.close(0);
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}
