import type { Duplex, Readable } from 'node:stream';
import type { Engine } from '../../engine/engine.ts';
import type { MinidockError } from '../../errors.ts';
import type { ClientOptions } from '../../registry/http/client.ts';
import type { Value } from '../go/values.ts';
import type { ApiTrace } from '../trace/trace.ts';
import type { Query } from './query.ts';

/** One request that is answered, and how: it becomes one call of the engine. */
export interface Route {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Without the version: `/containers/{name}/json`. `{name}` is one word, `{name:.*}` may hold slashes. */
  readonly path: string;
  handle(request: ApiRequest, served: Served): Promise<Reply> | Reply;
}

/** What requests are about. */
export interface Served {
  readonly engine: Engine;
  /** Settings of the daemon that the engine does not know, for `/info`. */
  readonly settings: ServedSettings;
  /** Is told of the requests, and of what they cause. */
  readonly trace?: ApiTrace;
}

export interface ServedSettings {
  readonly root: string;
  readonly execRoot: string;
  /** The log driver of containers that name none. */
  readonly logDriver: string;
  /** How registries are reached, by daemon.json and flags. */
  readonly registries?: ClientOptions;
}

export interface ApiRequest {
  readonly method: string;
  /** Without the version and the query, decoded. */
  readonly path: string;
  /** The minor number of the API's version: 41 for 1.41. */
  readonly version: number;
  /** What the path says for `{name}`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Aborts when the client goes away before it has its whole answer, or when the server ends. */
  readonly abort: AbortSignal;
  /** The body as it comes. */
  readonly body: Readable;
  /**
   * The body as `decode` reads it, which gets its text: `''` where there is none.
   *
   * @throws {MinidockError} `request-too-large`; `invalid-request` for a content type that is not JSON
   */
  json<T>(decode: Decoder<T>): Promise<T>;
  /** Reads and drops a body that has an end: of what is taken over then nothing is left of it. */
  skipBody(): Promise<void>;
  /**
   * Takes the connection over: what the client sends from here on, and what it gets. The head of the answer is sent at once.
   * Nobody else writes to it then; the route replies with `hijacked`.
   */
  hijack(contentType: string): Promise<Duplex>;
}

/** A value of the engine as Docker's API shows it. */
export type Shape<T> = (data: T, version: number) => Value;

/** What a body of Docker's says, as the engine takes it. */
export type Decoder<T> = (json: string, version: number) => T;

/** An answer, which the server writes. */
export type Reply =
  | { readonly kind: 'value'; readonly status: number; readonly data: unknown; readonly shape: Shape<never> }
  | ({ readonly kind: 'lines'; readonly source: AsyncIterable<unknown>; readonly shape: Shape<never> } & LineOptions)
  | {
      readonly kind: 'bytes';
      readonly status: number;
      readonly source: AsyncIterable<Buffer> | Iterable<Buffer>;
      readonly headers: Headers;
    }
  | { readonly kind: 'empty'; readonly status: number; readonly headers: Headers }
  | { readonly kind: 'hijacked' };

type Headers = Readonly<Record<string, string>>;

export interface LineOptions {
  /** The head is sent before there is a line: its client waits for it. Else an error before the first line has a status. */
  readonly atOnce?: boolean | undefined;
  /** The last line where it fails after the head was sent; missing: the connection is cut. */
  readonly failure?: ((error: MinidockError) => Value) | undefined;
}

export const value = <T>(data: T, shape: Shape<T>, status = 200): Reply => ({ kind: 'value', status, data, shape });

/** JSON values, one after the other, as they come. */
export const lines = <T>(source: AsyncIterable<T>, shape: Shape<T>, options: LineOptions = {}): Reply => ({
  kind: 'lines',
  source,
  shape,
  ...options,
});

/** Other than JSON. The head goes with the first bytes: an error before them has a status. */
export const bytes = (
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
  headers: Headers = { 'Content-Type': 'application/x-tar' },
  status = 200,
): Reply => ({ kind: 'bytes', status, source, headers });

/** The route writes to the connection that it took over. */
export const hijacked: Reply = { kind: 'hijacked' };

export const empty = (status = 204, headers: Headers = {}): Reply => ({ kind: 'empty', status, headers });
