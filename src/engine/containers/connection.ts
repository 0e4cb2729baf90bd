import net from 'node:net';
import { observe } from '../../container/observe.ts';
import { errnoOf } from '../../errors.ts';
import { steadyNow } from '../../host/clock.ts';
import { flocks } from '../../host/locks.ts';
import { OutputFlow } from '../../syscalls/output.ts';
import { Decoder, SupervisorClient } from '../../syscalls/protocol.ts';
import { dial, PATIENCE_MS } from '../../syscalls/waiting/line.ts';
import type { PatientSocket } from '../../syscalls/waiting/socket.ts';
import type { EngineAccess } from '../access.ts';
import type { Attachment } from '../nouns/streams.ts';

/** A connection to the supervisor of a container that another process started. */
export interface SupervisorConnection {
  client: SupervisorClient;
  /** Resolves with the status when the supervisor reports the exit. */
  exited: Promise<number>;
  /**
   * Resolves when the connection is closed: after `exited` because the supervisor ended, otherwise perhaps because another
   * client got our place.
   */
  ended: Promise<void>;
  onOutput: Attachment['onOutput'];
  close(): void;
}

/**
 * Undefined where the supervisor is ending or accepts no connection any more.
 *
 * @param milliseconds how long the caller means to wait for what it says
 */
export async function connectSupervisor(
  path: string,
  milliseconds = Number.POSITIVE_INFINITY,
): Promise<SupervisorConnection | undefined> {
  // No timer runs while a line is read.
  const line = milliseconds < PATIENCE_MS ? undefined : dial(path);
  if (line !== undefined) {
    hear(line);
    return converse(line);
  }
  const deadline = steadyNow() + CONNECT_MS;
  for (;;) {
    const socket = net.connect(path);
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('error', reject);
      });
      return converse(socket);
    } catch (error) {
      const errno = errnoOf(error);
      // ECONNRESET: it ended while this connection waited to be accepted.
      if (errno === 'ENOENT' || errno === 'ECONNREFUSED' || errno === 'ECONNRESET') return undefined;
      if (errno !== 'EAGAIN') throw error;
      // The queue of the listening socket is full: many clients connect at once, or the supervisor is stopped.
      if (steadyNow() > deadline) return undefined;
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }
}

const CONNECT_MS = 2000;

/** Reads what comes soon where it is waited for, once all else has been done that can be, and leaves the rest to the event loop. */
function hear(line: PatientSocket): void {
  setImmediate(() => {
    if (line.destroyed || line.isHandedOver) return;
    if (line.read()) hear(line);
    else line.handOver();
  });
}

function converse(socket: net.Socket | PatientSocket): SupervisorConnection {
  socket.on('error', () => {});
  const client = new SupervisorClient(socket);
  const decoder = new Decoder();
  const output = new OutputFlow(socket);
  const exited = new Promise<number>(resolve => {
    socket.on('data', chunk => {
      for (const message of decoder.push(chunk))
        if (message.kind === 'accepted') client.accepted();
        else if (message.kind === 'exited') resolve(message.code);
        else if (message.kind === 'output') output.give(message.stream, message.chunk);
    });
  });
  const ended = new Promise<void>(resolve => socket.on('close', () => resolve()));
  return {
    client,
    exited,
    ended,
    onOutput: listener => output.listen(listener),
    close: () => void socket.destroy(),
  };
}

/** Settles as `promise` does; `abort` closes the connection meanwhile, on which the promise depends. */
export async function closedBy<T>(
  abort: AbortSignal | undefined,
  { close }: SupervisorConnection,
  promise: Promise<T>,
): Promise<T> {
  if (abort?.aborted) close();
  abort?.addEventListener('abort', close, { once: true });
  try {
    return await promise;
  } finally {
    abort?.removeEventListener('abort', close);
  }
}

/**
 * The exit status of a container whose supervisor did not report it: from the exit record, or from the container's
 * record if another command has written it since; 137, as after SIGKILL, where the container was removed.
 */
export function recordedExit({ roots, store }: Pick<EngineAccess, 'roots' | 'store'>, id: string): number {
  const seen = observe(roots, id, flocks);
  return seen.kind === 'ended' ? seen.exitCode : (store.read(id)?.state.exitCode ?? 137);
}
