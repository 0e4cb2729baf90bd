import { frame } from '../../frames.ts';
import { empty, hijacked, type Route, value } from '../../server/route.ts';
import { createdExecShape, decodeExecStart, failedExecShape, inspectExecShape } from '../../shapes/exec/answers.ts';
import { decodeExec } from '../../shapes/exec/create.ts';
import { connect, detachKeysIn, streamType } from '../containers/attach.ts';
import { windowOf } from '../containers/life.ts';

/** Execs that could not be started: the engine has forgotten them, and their client asks once more for the exit code. */
const notStarted = new Map<string, true>();

/** Keys by which a client leaves an exec, where it does not want the usual ones. */
const keysOf = new Map<string, string>();

/** Of so many execs; then the oldest is forgotten. */
const most = 1000;

function remember<T>(known: Map<string, T>, id: string, what: T): void {
  known.set(id, what);
  const [oldest] = known.keys();
  if (known.size > most && oldest !== undefined) known.delete(oldest);
}

/** Execs that are about to run: a client that was let in asks for the size of its terminal at once. */
const starting = new Map<string, Promise<void>>();

/** Commands in running containers. */
export const execRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/containers/{name}/exec',
    async handle(request, { engine: { execs } }) {
      const { detachKeys, ...options } = await request.json(decodeExec);
      detachKeysIn(detachKeys);
      const made = await execs.create(request.params.name!, options);
      if (detachKeys !== '') remember(keysOf, made.id, detachKeys);
      return value(made, createdExecShape, 201);
    },
  },
  {
    method: 'POST',
    path: '/exec/{id}/start',
    async handle(request, { engine: { execs } }) {
      const { Detach: detach } = await request.json(decodeExecStart);
      const { id, options } = await execs.inspect(request.params.id!);
      if (detach) {
        await execs.start(id);
        return empty(200);
      }
      const { tty, interactive } = options;
      const streams = { stdin: interactive, stdout: true, stderr: !tty };
      let started = () => {};
      starting.set(id, new Promise(resolve => (started = resolve)));
      const connection = await request.hijack(streamType(tty, request.version));
      try {
        const attachment = await execs.attach(id, streams);
        const carried = { ...streams, tty, detachKeys: detachKeysIn(keysOf.get(id) ?? '') };
        let begun = () => {};
        // Of one that cannot be started the reason is still to be said.
        const ended = new Promise<void>(resolve => (begun = resolve)).then(() => attachment.exited);
        // Before the start: no byte of the output is missed.
        connect(attachment, connection, carried, request.abort, ended);
        await execs.start(id);
        begun();
      } catch (error) {
        // As in Docker the reason is output, and the exit code says that nothing was executed.
        remember(notStarted, id, true);
        const reason = Buffer.from(`${error instanceof Error ? error.message : error}\r\n`);
        connection.end(tty ? reason : frame('stdout', reason));
      } finally {
        starting.delete(id);
        started();
      }
      return hijacked;
    },
  },
  {
    method: 'POST',
    path: '/exec/{id}/resize',
    async handle({ params, query }, { engine: { execs } }) {
      await starting.get(params.id!);
      await execs.resize(params.id!, windowOf(query));
      return empty(200);
    },
  },
  {
    method: 'GET',
    path: '/exec/{id}/json',
    async handle({ params }, { engine: { execs } }) {
      const id = params.id!;
      if (notStarted.has(id)) return value(id, failedExecShape);
      return value(await execs.inspect(id), inspectExecShape);
    },
  },
];
