import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Engine } from '../../engine/engine.ts';
import type { PullOptions } from '../../engine/nouns/images.ts';
import { MinidockError } from '../../errors.ts';
import { methods, type Place } from '../methods.ts';
import { type Json, PlainReader, PlainWriter, readError } from '../plain.ts';
import { RemoteAttachment } from './attachment.ts';
import { Connection, type Request } from './connection.ts';
import type { Host } from './host.ts';
import { linesOf } from './lines.ts';
import { open } from './source.ts';

/**
 * The engine of another process: every method is one request to its daemon, by the table in methods.ts. Files are read here and
 * streamed. Nothing is asked before a method is called.
 */
export function remoteEngine(host: Host): Engine {
  const remote = new Remote(new Connection(host));
  const nouns = Object.entries(methods).map(([noun, of]) => [
    noun,
    Object.fromEntries(
      Object.entries(of as Record<string, Place>).map(([method, place]) => [
        method,
        (...args: unknown[]) => remote.call(noun, method, place, args),
      ]),
    ),
  ]);
  return { ...(Object.fromEntries(nouns) as unknown as Engine), ...remote.own(Object.fromEntries(nouns)) };
}

type Callback = (...args: unknown[]) => void;

class Remote {
  /** By the id of a container or exec: what must be heard of before its start, and its output. */
  readonly #begun = new Map<string, Set<Promise<unknown>>>();
  readonly #attached = new Map<string, Set<RemoteAttachment>>();

  constructor(private readonly connection: Connection) {}

  call(noun: string, method: string, place: Place, args: readonly unknown[]): unknown {
    const key = `${noun} ${args[0]}`;
    if (place.gives === 'lines') return this.#lines(new Outgoing(place, args));
    if (place.gives === 'bytes') return this.#bytes(new Outgoing(place, args));
    if (place.gives === 'connection') return this.#attach(key, new Outgoing(place, args));
    if (method === 'wait') return this.#wait(key, new Outgoing(place, args));
    if (method === 'start') return this.#start(key, new Outgoing(place, args));
    return this.#value(new Outgoing(place, args));
  }

  /** Methods that need more than their one request. */
  own(engine: Engine): Pick<Engine, 'images' | 'builder'> {
    const { images, builder } = engine;
    return {
      images: {
        ...images,
        save: async (references, write, abort) => {
          for await (const chunk of this.#bytes(new Outgoing(methods.images.save, [references, write, abort])))
            await write(chunk);
        },
        pull: async (reference, options) => await images.pull(reference, await asUs(reference, options)),
        push: async (reference, options) => await images.push(reference, await asUs(reference, options)),
        load: async (source, options) => await images.load(open(source, 'load'), options),
        import: async (source, options) =>
          await images.import(open(source, 'import'), {
            from: nameOf(source),
            ...options,
            ...(options.from === undefined && { from: nameOf(source) }),
          }),
      },
      builder: {
        ...builder,
        build: async (options, tell) => (await import('./build.ts')).sendBuild(builder, options, tell),
      },
    };
  }

  async #value({ request, reader, callbacks }: Outgoing): Promise<unknown> {
    const asked = request();
    return await this.#read(await this.connection.ask(asked), asked, reader, callbacks);
  }

  async #read(response: IncomingMessage, { abort }: Request, ...rest: [() => PlainReader, readonly Callback[]]) {
    try {
      return await readValue(response, ...rest);
    } catch (error) {
      throw abort?.aborted ? abort.reason : this.connection.explain(error);
    }
  }

  async #start(key: string, outgoing: Outgoing): Promise<unknown> {
    if (outgoing.waitsForUs)
      throw new MinidockError('not-here', 'a daemon does not wait before each step of a start', {
        fix: 'start it on the host of the daemon, without -H',
      });
    await Promise.all(this.#begun.get(key) ?? []);
    return await this.#value(outgoing);
  }

  /** The daemon's head of the answer says that it waits; the output comes on another connection, which must have ended. */
  async #wait(key: string, { request, reader, callbacks }: Outgoing): Promise<unknown> {
    const asked = request();
    const answer = this.connection.ask(asked);
    const heard = answer.then(
      () => {},
      () => {},
    );
    const begun = this.#begun.get(key) ?? new Set();
    this.#begun.set(key, begun.add(heard));
    void heard.then(() => begun.delete(heard));
    const value = await this.#read(await answer, asked, reader, callbacks);
    await Promise.all([...(this.#attached.get(key) ?? [])].map(({ ended }) => ended));
    return value;
  }

  async #attach(key: string, { target, place }: Outgoing): Promise<RemoteAttachment> {
    const socket: Duplex = await this.connection.upgrade(place.verb, target(true));
    const attachment = new RemoteAttachment(socket);
    const attached = this.#attached.get(key) ?? new Set();
    this.#attached.set(key, attached.add(attachment));
    void attachment.ended.then(() => attached.delete(attachment));
    return attachment;
  }

  async *#lines({ request, reader }: Outgoing): AsyncGenerator<unknown> {
    const asked = request();
    const response = await this.connection.ask(asked);
    try {
      for await (const line of linesOf(response)) yield reader().read(line);
      throwTrailer(response);
    } catch (error) {
      // The caller has aborted: that is the regular end.
      if (asked.abort?.aborted) return;
      throw this.connection.explain(error);
    } finally {
      response.destroy();
    }
  }

  async *#bytes({ request }: Outgoing): AsyncGenerator<Buffer> {
    const asked = request();
    const response = await this.connection.ask(asked);
    try {
      yield* response;
      throwTrailer(response);
    } catch (error) {
      throw asked.abort?.aborted ? asked.abort.reason : this.connection.explain(error);
    } finally {
      if (!response.readableEnded) response.destroy();
    }
  }
}

/** A call on its way: its arguments without what is no data. */
class Outgoing {
  readonly callbacks: Callback[] = [];
  #abort: AbortSignal | undefined;

  constructor(
    readonly place: Place,
    private readonly args: readonly unknown[],
  ) {}

  /** A callback that the engine waits for: calls go one way, from the daemon to us. */
  get waitsForUs(): boolean {
    return (this.args[1] as { beforeStep?: unknown } | undefined)?.beforeStep !== undefined;
  }

  readonly reader = () => new PlainReader();

  readonly request = (): Request => {
    const { verb, takes } = this.place;
    const isInBody = verb === 'POST' || verb === 'PUT';
    const path = this.target(!isInBody);
    const text = isInBody ? this.#text() : undefined;
    const source = takes === undefined ? undefined : (this.args[takes] as AsyncIterable<Buffer>);
    const body = source === undefined ? text : behind(`${text}\n`, source);
    return { verb, path, body, ...(this.#abort && { abort: this.#abort }) };
  };

  readonly target = (withArguments: boolean): string => {
    let word = 0;
    const path = this.place.path.replaceAll('{}', () => encodeURIComponent(String(this.args[word++])));
    const text = withArguments ? this.#text() : '[]';
    return text === '[]' ? path : `${path}?arguments=${encodeURIComponent(text)}`;
  };

  #text(): string {
    const words = this.place.path.split('{}').length - 1;
    const rest = this.args.slice(words).map((arg, at) => (at + words === this.place.takes ? undefined : arg));
    while (rest.length > 0 && rest.at(-1) === undefined) rest.pop();
    return new PlainWriter(thing => this.#stand(thing)).write(rest);
  }

  #stand(thing: object): { readonly [key: string]: Json } | undefined {
    if (thing instanceof AbortSignal) {
      this.#abort = thing;
      return { $: 'undefined' };
    }
    if (typeof thing !== 'function') return undefined;
    return { $: 'call', at: this.callbacks.push(thing as Callback) - 1 };
  }
}

/** The arguments in a line, then the bytes. */
async function* behind(line: string, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.from(line);
  yield* source;
}

/** The value that comes after the calls. */
async function readValue(
  response: IncomingMessage,
  makeReader: () => PlainReader,
  callbacks: readonly Callback[],
): Promise<unknown> {
  const reader = makeReader();
  for await (const line of linesOf(response)) {
    const said = reader.read(line) as { value: unknown } | { call: number; with: unknown[] };
    if ('value' in said) {
      // Nothing follows: the connection is free for the next request.
      response.resume();
      return said.value;
    }
    callbacks[said.call]?.(...said.with);
  }
  throwTrailer(response);
  throw new Error('the daemon ended its answer before it was complete');
}

function throwTrailer({ trailers }: IncomingMessage): void {
  const told = trailers['minidock-error'];
  if (told !== undefined) throw readError(JSON.parse(decodeURIComponent(told)));
}

const nameOf = (source: unknown) => (typeof source === 'string' ? source.replace(/^.*\//, '') : undefined);

/** Adds the credentials of the user of this command line, since the daemon's user has others. */
async function asUs<O extends Pick<PullOptions, 'credentials'>>(reference: string, options: O): Promise<O> {
  if (options.credentials !== undefined) return options;
  const [{ findCredentials }, { parseName }] = await Promise.all([
    import('../../registry/auth/credentials.ts'),
    import('../../oci/reference.ts'),
  ]);
  return { ...options, credentials: (await findCredentials(parseName(reference).domain)) ?? 'none' };
}
