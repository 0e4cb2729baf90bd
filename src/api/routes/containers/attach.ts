import type { Duplex } from 'node:stream';
import type { Attachment } from '../../../engine/nouns/streams.ts';
import { MinidockError } from '../../../errors.ts';
import { DetachFilter } from '../../detach/filter.ts';
import { defaultDetachKeys, readDetachKeys } from '../../detach/keys.ts';
import { framesOf, sendFrame } from '../../frames.ts';
import { roomIn } from '../../room.ts';
import type { Query } from '../../server/query.ts';
import { hijacked, type Route } from '../../server/route.ts';
import { reading } from '../../shapes/reading.ts';

/** Which streams of a process a connection carries. */
export interface Carried {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** The process has a terminal: its output is sent without frames. */
  readonly tty: boolean;
  readonly detachKeys: readonly number[];
}

/** POST /containers/{id}/attach */
export const attachRoute: Route = {
  method: 'POST',
  path: '/containers/{name}/attach',
  async handle(request, { engine: { containers } }) {
    const { params, query, abort } = request;
    const keys = detachKeysIn(query.text('detachKeys'));
    const { record } = await containers.inspect(params.name!);
    const { id, state, options } = record;
    if (state.paused)
      throw new MinidockError('paused', `Container ${id} is paused, unpause the container before attach.`);
    if (state.status === 'restarting')
      throw new MinidockError('not-running', `Container ${id} is restarting, wait until the container is running`);
    const carried = { ...streamsIn(query, options.interactive), tty: options.tty, detachKeys: keys };
    const wantsLogs = query.flag('logs');
    // It says nothing here, yet dockerode sends one: it is no input of the process.
    await request.skipBody();
    const attachment = query.flag('stream') ? await containers.attach(id, carried) : undefined;
    const connection = await request.hijack(streamType(options.tty, request.version));
    if (wantsLogs)
      for await (const entries of containers.logs(id, { follow: false, abort })) {
        const lines = entries.filter(({ stream }) => carried[stream]);
        connection.write(
          options.tty
            ? Buffer.from(lines.map(({ line }) => line).join(''), 'latin1')
            : framesOf(lines.map(({ stream, line }) => ({ kind: stream, line }))),
        );
        await roomIn(connection);
      }
    if (attachment === undefined) connection.end();
    else connect(attachment, connection, carried, abort);
    return hijacked;
  },
};

/** What a stream of output is called: from API 1.42 on one with frames by its own name. */
export const streamType = (tty: boolean, version: number): string =>
  `application/vnd.docker.${tty || version < 42 ? 'raw' : 'multiplexed'}-stream`;

const streamsIn = (query: Query, interactive: boolean) => ({
  stdin: query.flag('stdin') && interactive,
  stdout: query.flag('stdout'),
  stderr: query.flag('stderr'),
});

/** @throws {MinidockError} `invalid-argument` */
export function detachKeysIn(given: string): readonly number[] {
  return given === '' ? defaultDetachKeys : reading(() => readDetachKeys(given));
}

/**
 * Carries a process's streams over a connection until the process ends, or the client goes or types the detach keys; then the
 * process lives on. A client that ends its side closes the process's input and still gets the output. Output is read no faster than the
 * client takes it: what it does not take waits in the process's supervisor.
 *
 * @param abort the daemon ends: the connection does too, and the process lives on
 * @param ended settles when nothing more comes: then the connection is ended
 */
export function connect(
  attachment: Attachment,
  connection: Duplex,
  carried: Carried,
  abort: AbortSignal,
  ended: Promise<unknown> = attachment.exited,
): void {
  let over = false;
  const leave = () => {
    if (over) return;
    over = true;
    attachment.detach();
    connection.destroy();
  };
  connection.on('error', leave);
  connection.on('close', leave);
  attachment.onOutput((stream, chunk) => {
    if (over || !carried[stream]) return;
    send(connection, carried, stream, chunk);
    return roomIn(connection);
  });
  const finish = () => {
    if (over) return;
    over = true;
    connection.end();
    // A client that does not read the rest may not keep the connection open for ever.
    connection.once('finish', () => setTimeout(() => connection.destroy(), 1000).unref());
  };
  const part = () => {
    if (over) return;
    finish();
    attachment.detach();
  };
  if (abort.aborted) part();
  abort.addEventListener('abort', part, { once: true });
  connection.once('close', () => abort.removeEventListener('abort', part));
  ended.then(finish, finish);
  void readInput(attachment, connection, carried, leave, () => over);
}

function send(connection: Duplex, { tty }: Carried, stream: 'stdout' | 'stderr', chunk: Buffer): void {
  if (tty) connection.write(chunk);
  else sendFrame(connection, stream, chunk);
}

async function readInput(
  attachment: Attachment,
  connection: Duplex,
  { stdin, tty, detachKeys }: Carried,
  leave: () => void,
  isOver: () => boolean,
): Promise<void> {
  const filter = tty ? new DetachFilter(detachKeys) : undefined;
  try {
    for await (const chunk of connection.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (isOver()) return;
      if (!stdin) continue;
      const { pass, detach } = filter?.feed(chunk) ?? { pass: chunk, detach: false };
      // Waits until the process has taken the input; more stays with the client.
      if (pass.length > 0) await attachment.write(pass);
      if (detach) {
        connection.end();
        attachment.detach();
        return;
      }
    }
    if (stdin) attachment.endInput();
  } catch {
    leave();
  }
}
