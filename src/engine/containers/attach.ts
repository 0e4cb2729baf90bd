import { eventually } from '../../cgroup/files.ts';
import { hasEnded } from '../../container/observe.ts';
import { type ContainerRecord, isUp } from '../../container/record.ts';
import { MinidockError } from '../../errors.ts';
import { containerPaths } from '../../state/paths.ts';
import type { EngineAccess } from '../access.ts';
import type { Attachment, Streams, WindowSize } from '../nouns/streams.ts';
import { closedBy, connectSupervisor, recordedExit, type SupervisorConnection } from './connection.ts';
import { notRunning } from './life/states.ts';
import { unlessGone } from './lock.ts';

/** Connects to the streams of a running container, from now on. Throws `not-running`. */
export async function attachToRunning(
  access: EngineAccess,
  record: ContainerRecord,
  streams: Streams,
): Promise<Attachment> {
  const connection = await connectRunning(access, record);
  const { client, onOutput, close } = connection;
  client.attach(streams, record.options.attach.stdin);
  const exited = endOf(connection, access, record);
  exited.catch(() => {});
  return {
    onOutput,
    write: chunk => client.write(chunk),
    endInput: () => client.end(),
    detach: close,
    exited,
  };
}

/** How long, in milliseconds, we wait to see that a supervisor has ended whose connection closed without a status. */
const GONE_MS = 2000;

async function endOf(connection: SupervisorConnection, access: EngineAccess, { id, name }: ContainerRecord) {
  const code = await statusFrom(connection);
  if (code !== undefined) return code;
  if (await eventually(GONE_MS, () => hasEnded(access.roots, id))) return recordedExit(access, id);
  throw new MinidockError('cut-off', `container ${name} closed the connection: its output was not taken for too long`, {
    fix: `minidock logs ${name} shows all of it`,
  });
}

/** Undefined where the connection was closed without a status. */
async function statusFrom(connection: SupervisorConnection): Promise<number | undefined> {
  let code: number | undefined;
  void connection.exited.then(said => {
    code = said;
  });
  // The container counts as ended for every command only when its supervisor is gone.
  await connection.ended;
  return code;
}

/** Resolves with the exit status of a running container, however it ends. `abort` closes the connection to its supervisor. */
export async function awaitEnd(
  access: Pick<EngineAccess, 'roots' | 'store'>,
  record: Pick<ContainerRecord, 'id'>,
  abort?: AbortSignal,
): Promise<number> {
  const connection = await connectSupervisor(containerPaths(access.roots, record.id).socket);
  const code = connection && (await closedBy(abort, connection, statusFrom(connection)));
  if (code !== undefined) return code;
  abort?.throwIfAborted();
  // The supervisor ended without sending the status, or gave our place to another client.
  await eventually(Number.POSITIVE_INFINITY, () => hasEnded(access.roots, record.id));
  return recordedExit(access, record.id);
}

/** How often a container that waits for its next start is looked at, in milliseconds. */
const LOOK_MS = 100;

/**
 * Resolves with the exit status of a container that its restart policy does not start again. `find` tells what it is now,
 * and throws where it is gone.
 */
export async function awaitRest(
  access: EngineAccess,
  record: ContainerRecord,
  find: () => Promise<ContainerRecord>,
  abort?: AbortSignal,
): Promise<number> {
  let now = record;
  let code = record.state.exitCode;
  while (isUp(now)) {
    abort?.throwIfAborted();
    if (now.state.status === 'running') code = await awaitEnd(access, now, abort);
    else await new Promise(resolve => setTimeout(resolve, LOOK_MS));
    const next = await find().catch(unlessGone);
    if (next === undefined) return code;
    now = next;
  }
  return now.state.exitCode;
}

export async function signalRunning(
  access: Pick<EngineAccess, 'roots'>,
  record: ContainerRecord,
  number: number,
): Promise<void> {
  const { client, close } = await connectRunning(access, record);
  client.signal(number);
  close();
}

export async function resizeRunning(access: EngineAccess, record: ContainerRecord, size: WindowSize): Promise<void> {
  const { client, close } = await connectRunning(access, record);
  client.resize(size);
  close();
}

/** A connection to the supervisor of a running container. Throws `not-running`. */
export async function connectRunning(
  access: Pick<EngineAccess, 'roots'>,
  record: ContainerRecord,
): Promise<SupervisorConnection> {
  const connection =
    record.state.status === 'running'
      ? await connectSupervisor(containerPaths(access.roots, record.id).socket)
      : undefined;
  if (connection !== undefined) return connection;
  throw notRunning(record);
}
