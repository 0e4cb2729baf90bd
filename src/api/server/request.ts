import type { Duplex, Readable } from 'node:stream';
import { MinidockError } from '../../errors.ts';
import type { Exchange } from './exchange.ts';
import { takeOver } from './hijack.ts';
import { Query } from './query.ts';
import type { ApiRequest, Decoder } from './route.ts';
import { minorOf, splitVersion } from './version.ts';

/** The most that a body of JSON may hold, in bytes: Docker's daemon has no limit. */
const mostJson = 16 << 20;

/** How long a body may be, in bytes, that is read to its end although it is too long. */
const mostDropped = 16 * mostJson;

/** What the head of a request says. */
export interface Head {
  readonly path: string;
  readonly version: number;
  readonly query: Query;
}

/** @throws {MinidockError} `invalid-request` for a path that is no text, or a version that is not spoken */
export function readHead(url: string): Head {
  const question = url.indexOf('?');
  const encoded = question < 0 ? url : url.slice(0, question);
  const { version, path } = splitVersion(decodePath(encoded));
  return { path, version: minorOf(version), query: new Query(question < 0 ? '' : url.slice(question + 1)) };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new MinidockError('invalid-request', `the path ${path} is not well encoded`);
  }
}

export class HttpRequest implements ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly version: number;
  readonly query: Query;
  readonly headers: ApiRequest['headers'];
  readonly body: Readable;
  /** Whether `hijack` was called: nobody else writes an answer. */
  hijacked = false;

  constructor(
    private readonly exchange: Exchange,
    head: Head,
    readonly params: ApiRequest['params'],
    readonly abort: AbortSignal,
  ) {
    const { method = 'GET', headers } = exchange.message;
    this.method = method;
    this.path = head.path;
    this.version = head.version;
    this.query = head.query;
    this.headers = headers;
    this.body = exchange.body;
  }

  async json<T>(decode: Decoder<T>): Promise<T> {
    const text = await this.#text();
    const type = String(this.headers['content-type'] ?? '');
    // As in Docker: a body without a type is refused, none at all is not.
    if (text !== '' && !/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type))
      throw new MinidockError('invalid-request', `Content-Type specified (${type}) must be 'application/json'`);
    return decode(text, this.version);
  }

  async skipBody(): Promise<void> {
    const { exchange, headers } = this;
    if (exchange.upgraded || Number(headers['content-length']) > 0)
      for await (const _ of this.body.iterator({ destroyOnReturn: false }));
  }

  async hijack(contentType: string): Promise<Duplex> {
    this.hijacked = true;
    return takeOver(this.exchange, contentType);
  }

  async #text(): Promise<string> {
    const refuse = () => new MinidockError('request-too-large', `the body of the request is over ${mostJson} bytes`);
    const announced = Number(this.headers['content-length'] ?? 0);
    if (announced > mostDropped) throw refuse();
    const chunks: Buffer[] = [];
    let length = 0;
    // Leaving the loop must not destroy the stream: the connection would end, and no error could be sent.
    for await (const chunk of this.body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length <= mostJson) chunks.push(chunk);
      // A client that announced its length sends all of it before it reads the answer.
      else if (announced === 0) throw refuse();
      else chunks.length = 0;
    }
    if (length > mostJson) throw refuse();
    return Buffer.concat(chunks).toString();
  }
}
