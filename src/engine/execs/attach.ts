import { eventually } from '../../cgroup/files.ts';
import { MinidockError } from '../../errors.ts';
import { execPaths, type Roots } from '../../state/paths.ts';
import { closedBy, connectSupervisor, type SupervisorConnection } from '../containers/connection.ts';
import type { Attachment, Streams } from '../nouns/streams.ts';
import { type ExecRecord, noSuchExec, observeExec, readExec } from './record.ts';

/** Connects to the streams of an exec that runs, from now on. Throws `not-running`. */
export async function attachToExec(roots: Roots, exec: ExecRecord, streams: Streams): Promise<Attachment> {
  const connection = await connectSupervisor(execPaths(roots, exec.container, exec.id).socket);
  if (connection === undefined) throw new MinidockError('not-running', `Exec ${exec.id} is not running`);
  const { client, onOutput, close } = connection;
  client.attach(streams);
  const exited = statusFrom(connection).then(code => code ?? recorded(roots, exec));
  exited.catch(() => {});
  return { onOutput, write: chunk => client.write(chunk), endInput: () => client.end(), detach: close, exited };
}

/** Resolves with the exit status of an exec, whichever process started it. `abort` closes the connection to its supervisor. */
export async function awaitExec(roots: Roots, exec: ExecRecord, abort?: AbortSignal): Promise<number> {
  for (;;) {
    const connection = await connectSupervisor(execPaths(roots, exec.container, exec.id).socket);
    const code = connection && (await closedBy(abort, connection, statusFrom(connection)));
    if (code !== undefined) return code;
    abort?.throwIfAborted();
    // The supervisor does not listen yet, has ended, or has given our place to another client.
    const over = await eventually(LOOK_MS, () => hasEnded(roots, exec));
    if (over) return recorded(roots, exec);
  }
}

const LOOK_MS = 2000;

/** Undefined where the connection was closed without a status. */
async function statusFrom({ exited, ended }: SupervisorConnection): Promise<number | undefined> {
  return await Promise.race([exited, ended.then(() => undefined)]);
}

function hasEnded(roots: Roots, { container, id }: ExecRecord): boolean {
  const exec = readExec(roots, container, id);
  const kind = exec && observeExec(roots, exec).kind;
  return kind !== 'starting' && kind !== 'running';
}

/** The exit status from the exec's files. Throws `no-such-exec` where it was forgotten, `cut-off` where it still runs. */
function recorded(roots: Roots, { container, id }: ExecRecord): number {
  const exec = readExec(roots, container, id);
  if (exec === undefined) throw noSuchExec(id);
  const seen = observeExec(roots, exec);
  if (seen.kind === 'ended') return seen.exitCode;
  if (seen.kind === 'lost') return 137;
  throw new MinidockError('cut-off', `exec ${id} closed the connection: its output was not taken for too long`);
}
