import net from 'node:net';
import { observe } from '../../container/observe.ts';
import { errnoOf } from '../../errors.ts';
import { flocks } from '../../host/locks.ts';
import { Decoder, SupervisorClient } from '../../syscalls/protocol.ts';
import type { EngineAccess } from '../access.ts';
import type { Attachment } from '../nouns/streams.ts';

/** A conversation with the supervisor of a container that somebody else started. */
export interface SupervisorConnection {
  client: SupervisorClient;
  /** The supervisor said that the process has exited, and with which status. */
  exited: Promise<number>;
  /** The connection is closed: after `exited` by the supervisor's end, else perhaps to the good of another client. */
  ended: Promise<void>;
  onOutput: Attachment['onOutput'];
  close(): void;
}

/** Undefined where the supervisor is just going away, or takes nobody any more. */
export async function connectSupervisor(path: string): Promise<SupervisorConnection | undefined> {
  const deadline = Date.now() + CONNECT_MS;
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
      if (errno === 'ENOENT' || errno === 'ECONNREFUSED') return undefined;
      if (errno !== 'EAGAIN') throw error;
      // Its queue is full: many come at once, or it is stopped.
      if (Date.now() > deadline) return undefined;
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }
}

const CONNECT_MS = 2000;

function converse(socket: net.Socket): SupervisorConnection {
  socket.on('error', () => {});
  const client = new SupervisorClient(socket);
  const decoder = new Decoder();
  let listener: Parameters<Attachment['onOutput']>[0] | undefined;
  const early: ['stdout' | 'stderr', Buffer][] = [];
  const exited = new Promise<number>(resolve => {
    socket.on('data', chunk => {
      for (const message of decoder.push(chunk))
        if (message.kind === 'accepted') client.accepted();
        else if (message.kind === 'exited') resolve(message.code);
        else if (message.kind === 'output' && listener) listener(message.stream, message.chunk);
        else if (message.kind === 'output') early.push([message.stream, message.chunk]);
    });
  });
  const ended = new Promise<void>(resolve => socket.once('close', () => resolve()));
  return {
    client,
    exited,
    ended,
    onOutput: wanted => {
      listener = wanted;
      for (const [stream, chunk] of early.splice(0)) wanted(stream, chunk);
    },
    close: () => socket.destroy(),
  };
}

/**
 * The exit status of a container whose supervisor did not say it: by the exit record, or by what another command wrote down of
 * it since; that of SIGKILL where it was removed.
 */
export function recordedExit({ roots, store }: Pick<EngineAccess, 'roots' | 'store'>, id: string): number {
  const seen = observe(roots, id, flocks);
  return seen.kind === 'ended' ? seen.exitCode : (store.read(id)?.state.exitCode ?? 137);
}
