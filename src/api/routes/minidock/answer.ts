import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { orAborted } from '../../../engine/abort.ts';
import type { Engine } from '../../../engine/engine.ts';
import { MinidockError } from '../../../errors.ts';
import { version } from '../../../version.ts';
import type { Place } from '../../methods.ts';
import { type Json, PlainReader, PlainWriter, plainType, tellError, versionHeader } from '../../plain.ts';
import { type ApiTrace, takenOver, tracePath } from '../../trace/trace.ts';
import { buildFrom } from './build.ts';
import { carry } from './carry.ts';
import { type Call, findCall } from './find-call.ts';
import { statusOf } from './status.ts';

/** A client that is minidock itself: it asks Docker's routes, and those of its own, for the engine's own data. */
export function isPlain({ headers }: IncomingMessage): boolean {
  return headers.accept === plainType;
}

/**
 * Answers such a client: the request is one call of the engine by the table in methods.ts, its result goes back as it is. Resolves
 * when the answer is written; every error is told to the client.
 *
 * @param gone the client went away, or the server ends
 * @param trace what `/minidock/trace` tells of
 */
export async function answerPlain(
  engine: Engine,
  request: IncomingMessage,
  response: ServerResponse,
  gone: AbortSignal,
  trace?: ApiTrace,
): Promise<void> {
  try {
    gone.throwIfAborted();
    expectSameVersion(request);
    if (trace !== undefined && request.url === tracePath) return await answerTrace(trace, response, gone);
    const call = findCall(request.method ?? '', request.url ?? '');
    await new Answer(engine, call, request, response, gone).write();
  } catch (error) {
    if (response.destroyed) return;
    const told = tellError(error);
    if (response.headersSent) {
      response.addTrailers({ 'Minidock-Error': encodeURIComponent(JSON.stringify(told)) });
      response.end();
      return;
    }
    const known = error instanceof MinidockError ? error : new MinidockError('defect', told.message);
    response.writeHead(statusOf(known), { 'Content-Type': plainType, [versionHeader]: version });
    response.end(JSON.stringify(told));
  } finally {
    // An unread rest of the body would keep the connection from being used again.
    request.resume();
  }
}

/** What happens from now on, a line an event, until the client goes. */
async function answerTrace(trace: ApiTrace, response: ServerResponse, gone: AbortSignal): Promise<void> {
  response.writeHead(200, { 'Content-Type': plainType, [versionHeader]: version });
  response.flushHeaders();
  // A reader that is too slow is disconnected: events must not pile up in memory.
  const end = trace.listen(event => {
    if (response.writableLength > mostWaiting) response.destroy();
    else response.write(`${JSON.stringify(event)}\n`);
  });
  await new Promise<void>(resolve => gone.addEventListener('abort', () => resolve(), { once: true }));
  end();
  response.end();
}

/** The bytes of events that may wait for a reader. */
const mostWaiting = 16 << 20;

/** A connection that Node's HTTP server has let go of. */
export interface Upgrade {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Duplex;
  /** What was read of it behind the request. */
  readonly head: Buffer;
}

/** As `answerPlain`, for a connection that becomes one of frames: `attach`. */
export async function answerConnection(
  engine: Engine,
  { message, response, socket, head }: Upgrade,
  gone: AbortSignal,
): Promise<void> {
  socket.on('error', () => socket.destroy());
  try {
    gone.throwIfAborted();
    expectSameVersion(message);
    const { noun, method, place, words } = findCall(message.method ?? '', message.url ?? '');
    if (place.gives !== 'connection') throw new MinidockError('invalid-argument', `${message.url} takes no connection`);
    const [streams] = new PlainReader().read(argumentsIn(message)) as [object];
    const attach = methodOf(engine, noun, method);
    const attachment = (await attach(...words, streams)) as Parameters<typeof carry>[0];
    socket.write(
      `HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: minidock\r\n${versionHeader}: ${version}\r\n\r\n`,
    );
    response.statusCode = 101;
    response.emit(takenOver);
    if (head.length > 0) socket.unshift(head);
    carry(attachment, socket, gone);
  } catch (error) {
    const told = tellError(error);
    const status = error instanceof MinidockError ? statusOf(error) : 500;
    const body = JSON.stringify(told);
    socket.end(
      `HTTP/1.1 ${status} Error\r\nContent-Type: ${plainType}\r\n${versionHeader}: ${version}\r\n` +
        `Connection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    response.statusCode = status;
    response.emit(takenOver);
  }
}

function expectSameVersion({ headers }: IncomingMessage): void {
  const theirs = headers[versionHeader];
  if (theirs === version) return;
  throw new MinidockError(
    'other-version',
    `the client is minidock ${theirs ?? '(unknown)'}, the daemon is ${version}`,
    {
      fix: 'use the same version for both: start the daemon anew after an update',
    },
  );
}

type Method = (...args: unknown[]) => unknown;

function methodOf(engine: Engine, noun: Call['noun'], method: string): Method {
  const of = engine[noun] as unknown as Record<string, Method>;
  return of[method]!.bind(of);
}

const argumentsIn = ({ url = '' }: IncomingMessage): string =>
  new URL(url, 'http://minidock').searchParams.get('arguments') ?? '[]';

/** The most that a body of arguments may hold, in bytes. */
const mostArguments = 16 << 20;

class Answer {
  readonly #writer = new PlainWriter();

  constructor(
    private readonly engine: Engine,
    private readonly call: Call,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly gone: AbortSignal,
  ) {}

  async write(): Promise<void> {
    const { noun, method, place, words } = this.call;
    const args = [...words, ...(await this.arguments(place))];
    if (place.aborts !== undefined) args[place.aborts] = { ...(args[place.aborts] as object), abort: this.gone };
    const { engine } = this;
    if (place.takes !== undefined && noun === 'builder')
      return await this.value(() => buildFrom(engine.builder, args, this.request, this.gone));
    if (place.takes !== undefined) args[place.takes] = this.request;
    const run = () => methodOf(engine, noun, method)(...args);
    if (place.gives === 'lines') return await this.lines(run() as AsyncIterable<unknown>);
    if (place.gives === 'bytes') return await this.bytes(run() as AsyncIterable<Buffer> | Promise<void>);
    await this.value(run as () => Promise<unknown>);
  }

  private async arguments(place: Place): Promise<unknown[]> {
    const isInQuery = place.verb === 'GET' || place.verb === 'DELETE';
    const text = isInQuery
      ? argumentsIn(this.request)
      : await textOf(this.request, place.takes === undefined ? undefined : 10);
    try {
      const read = new PlainReader(stand => this.stand(stand)).read(text || '[]');
      if (Array.isArray(read)) return read;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    throw new MinidockError('invalid-argument', 'the arguments are no list of plain data');
  }

  /** What the client calls by itself when it is told to. */
  private stand({ $, at }: { readonly $: string; readonly [key: string]: Json }): unknown {
    if ($ !== 'call') throw new SyntaxError(`unknown word ${JSON.stringify($)}`);
    if (this.call.place.gives === 'bytes') return (chunk: Buffer) => this.chunk(chunk);
    return (...args: unknown[]) => {
      this.begin();
      this.response.write(`${this.#writer.write({ call: at, with: args })}\n`);
    };
  }

  private begin(type = plainType): void {
    if (!this.response.headersSent)
      this.response.writeHead(200, { 'Content-Type': type, [versionHeader]: version, Trailer: 'Minidock-Error' });
  }

  private async value(run: () => Promise<unknown>): Promise<void> {
    const promise = run();
    // Who waits begins to wait before it starts what it waits for: it is told as soon as the engine knows of it.
    if (this.call.method === 'wait') {
      promise.catch(() => {});
      await Promise.race([promise, new Promise(resolve => setImmediate(resolve))]);
      this.begin();
      this.response.flushHeaders();
    }
    const value = await (this.call.method === 'wait' ? orAborted(promise, this.gone) : promise);
    this.begin();
    this.response.end(`${this.#writer.write({ value })}\n`);
  }

  private async lines(source: AsyncIterable<unknown>): Promise<void> {
    const iterator = source[Symbol.asyncIterator]();
    try {
      let next = iterator.next();
      // What is wrong is known at once, and has a status then; else the client is told that it is heard.
      next.catch(() => {});
      await Promise.race([next, new Promise(resolve => setTimeout(resolve, 20))]);
      this.begin();
      this.response.flushHeaders();
      for (let one = await next; !one.done; one = await next) {
        await this.chunk(`${new PlainWriter().write(one.value)}\n`);
        next = iterator.next();
      }
    } catch (error) {
      if (!this.gone.aborted) throw error;
    } finally {
      await iterator.return?.();
    }
    // Who reads is told that there may be more; nobody reads where the client went away.
    this.gone.throwIfAborted();
    this.response.end();
  }

  private async bytes(source: AsyncIterable<Buffer> | Promise<void>): Promise<void> {
    if (source instanceof Promise) await source;
    else for await (const chunk of source) await this.chunk(chunk);
    this.begin('application/x-tar');
    this.response.end();
  }

  /** Resolves when there is room for more. */
  private async chunk(content: Buffer | string): Promise<void> {
    this.gone.throwIfAborted();
    this.begin(typeof content === 'string' ? plainType : 'application/x-tar');
    if (this.response.write(content)) return;
    await new Promise<void>(resolve => {
      const go = () => {
        this.response.off('drain', go).off('close', go);
        resolve();
      };
      this.response.on('drain', go).on('close', go);
    });
    this.gone.throwIfAborted();
  }
}

/** The body, or what stands before its first byte `until`: then the rest can still be read. */
async function textOf(request: IncomingMessage, until?: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    const end = until === undefined ? -1 : chunk.indexOf(until);
    chunks.push(end < 0 ? chunk : chunk.subarray(0, end));
    length += chunks.at(-1)!.length;
    if (length > mostArguments)
      throw new MinidockError('invalid-argument', `the request's arguments have more than ${mostArguments} bytes`);
    if (end < 0) continue;
    if (end + 1 < chunk.length) request.unshift(chunk.subarray(end + 1));
    break;
  }
  return Buffer.concat(chunks).toString();
}
