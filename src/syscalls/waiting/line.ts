import fs from 'node:fs';
import { PatientSocket } from './socket.ts';

/** The environment's word for a line, as native/launch.c writes it: our pid, our end of its socket, and the socket that it connects. */
const variable = 'MINIDOCK_LINE';

/** How long a read of a line may wait: PATIENCE in native/launch.c. */
export const PATIENCE_MS = 50;

let waiting: { control: number; line: number } | undefined;

/** Takes the line that bin/minidock started beside this process out of the environment, which children inherit. */
export function findWaitingLine(environment: NodeJS.ProcessEnv): void {
  const [owner, control, line] = environment[variable]?.split(':').map(Number) ?? [];
  if (owner === undefined) return;
  delete environment[variable];
  if (owner === process.pid) waiting = { control: control!, line: line! };
}

/**
 * A connection to the UNIX socket `path` by that line (native/line.c), without Node's sockets, which take 5 ms to load: for the
 * first who asks. Undefined where there is none, or it cannot connect, for whatever reason.
 */
export function dial(path: string): PatientSocket | undefined {
  if (waiting === undefined) return undefined;
  const { control, line } = waiting;
  waiting = undefined;
  const failed = new Uint8Array([1]);
  try {
    fs.writeSync(control, `${path}\0`);
    fs.readSync(control, failed);
  } catch {
    // It ended, or has not answered yet: then what it connects is nobody's.
  }
  fs.closeSync(control);
  if (failed[0] === 0) return new PatientSocket(line);
  fs.closeSync(line);
  return undefined;
}
