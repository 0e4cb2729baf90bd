import fs from 'node:fs';
import { PatientSocket } from './socket.ts';

/** The environment's word for a line, as native/launch.c writes it: our pid, and our end of its socket. */
const variable = 'MINIDOCK_LINE';

let waiting: number | undefined;

/** Takes the line that bin/minidock started beside this process out of the environment, which children inherit. */
export function findWaitingLine(environment: NodeJS.ProcessEnv): void {
  const [owner, socket] = environment[variable]?.split(':').map(Number) ?? [];
  if (owner === undefined) return;
  delete environment[variable];
  if (owner === process.pid) waiting = socket;
}

/**
 * A connection to the UNIX socket `path` by that line (native/line.c), without Node's sockets, which take 5 ms to load: for the
 * first who asks. Undefined where there is none, or it cannot connect, for whatever reason.
 */
export function dial(path: string): PatientSocket | undefined {
  if (waiting === undefined) return undefined;
  const fd = waiting;
  waiting = undefined;
  const failed = Buffer.alloc(1, 1);
  try {
    fs.writeSync(fd, `${path}\0`);
    fs.readSync(fd, failed);
  } catch {
    // It ended, or has not answered yet: then it ends with our end of the socket.
  }
  if (failed[0] === 0) return new PatientSocket(fd);
  fs.closeSync(fd);
  return undefined;
}
