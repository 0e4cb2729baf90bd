import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Layout } from '../../src/image/layout.ts';
import { blobPath, type Digest, isDigest, parseDigest } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { serve } from '../../src/registry/server/serve.ts';
import type { Tell } from '../17-image-format/image.ts';

/** What is told, and what goes wrong: each in its own experiment. */
export interface Faults {
  /** Which exchanges are told; all of them where it is not given. */
  readonly tells?: (exchange: Exchange) => boolean;
  /** The first answer with this blob ends after so many bytes, as soon as these have arrived. */
  readonly cut?: { readonly digest: Digest; readonly after: number; readonly arrived: () => boolean };
  /** One bit of this blob is another one. */
  readonly tampered?: Digest;
  /** Sent in place of every manifest that is asked for. */
  readonly substitute?: Digest;
  /** So many requests for a manifest are refused, with `Retry-After: seconds`. */
  readonly limit?: { readonly times: number; readonly seconds: number };
}

/** A request as it came, and what it got. */
export interface Exchange {
  readonly at: 'registry' | 'storage';
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly status: number;
  readonly answer: http.OutgoingHttpHeaders;
  /** Milliseconds since 1970. */
  readonly time: number;
}

export interface LessonRegistry {
  /** `127.0.0.1:40123`. */
  readonly host: string;
  readonly exchanges: readonly Exchange[];
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: Buffer | string;
}

const token = 'bGVzc29uLTE4';
const manifestPath = /^\/v2\/(.+)\/manifests\/([^/]+)$/;
const blobsPath = /^\/v2\/.+\/blobs\/([^/]+)$/;

/**
 * A registry on this machine as the large ones are: the engine's own `registry serve` behind a server that demands a token and
 * sends who wants a blob to a storage of another name. Every exchange is told as it happens.
 */
export async function startRegistry(layout: Layout, tell: Tell, faults: Faults = {}): Promise<LessonRegistry> {
  const inner = await serve({ layout: layout.directory });
  const exchanges: Exchange[] = [];
  const told = new Set<string>();
  let refusals = faults.limit?.times ?? 0;
  let isWhole = faults.cut === undefined;

  const note = (exchange: Exchange) => {
    exchanges.push(exchange);
    if (faults.tells?.(exchange) ?? true) for (const line of printed(exchange, told)) tell(line);
  };
  const answer = (at: Exchange['at'], request: http.IncomingMessage, response: http.ServerResponse, reply: Reply) => {
    const { status, headers = {}, body = '' } = reply;
    note({ at, path: request.url!, headers: request.headers, status, answer: headers, time: Date.now() });
    response.writeHead(status, { 'Content-Length': Buffer.byteLength(body), ...headers });
    return response.end(body);
  };

  const storage = await listen(async (request, response) => {
    const digest = parseDigest(request.url!.slice(1), 'the request');
    const found = await fetchInner(`${inner.url}/v2/any/blobs/${digest}`, request.headers);
    const reply = faults.tampered === digest ? { ...found, body: flipped(found.body) } : found;
    if (isWhole || faults.cut?.digest !== digest) return answer('storage', request, response, reply);
    isWhole = true;
    const { after, arrived } = faults.cut;
    const headers = { 'Content-Length': reply.body.length, ...reply.headers };
    note({
      at: 'storage',
      path: request.url!,
      headers: request.headers,
      status: 200,
      answer: headers,
      time: Date.now(),
    });
    response.writeHead(200, headers);
    response.write(reply.body.subarray(0, after));
    while (!arrived() && !response.destroyed) await new Promise(resolve => setTimeout(resolve, 5));
    tell(`${'\u00a0'.repeat(6)}✗ ${after} B / ${reply.body.length} B`);
    return response.destroy();
  });

  const registry = await listen(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, `http://${registry.host}`);
    const say = (reply: Reply) => answer('registry', request, response, reply);
    if (pathname === '/token') return say(json(200, { token, scope: searchParams.get('scope') }));
    const [, repository = '', name = ''] = manifestPath.exec(pathname) ?? [];
    if (request.headers.authorization !== `Bearer ${token}`)
      return say(json(401, failure('UNAUTHORIZED', 'authentication required'), challenge(registry.host, pathname)));
    const [, blob] = blobsPath.exec(pathname) ?? [];
    if (blob !== undefined) return say({ status: 307, headers: { Location: `http://${storage.host}/${blob}` } });
    if (repository === '') return say(json(404, failure('NAME_UNKNOWN', 'no such path')));
    if (refusals-- > 0)
      return say(
        json(429, failure('TOOMANYREQUESTS', 'you have reached your pull rate limit'), {
          'Retry-After': String(faults.limit!.seconds),
        }),
      );
    if (faults.substitute !== undefined)
      return say({
        status: 200,
        headers: {
          'Content-Type': mediaTypes.ociManifest,
          // A liar says what is expected.
          'Docker-Content-Digest': isDigest(name) ? name : faults.substitute,
        },
        body: fs.readFileSync(blobPath(layout.directory, faults.substitute)),
      });
    return say(await fetchInner(`${inner.url}${pathname}`, request.headers));
  });
  registry.server.on('clientError', (_, socket) => {
    if (faults.tells === undefined) tell('registry ← TLS ClientHello ✗');
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });

  return {
    host: registry.host,
    exchanges,
    close: async () => {
      for (const { server } of [registry, storage]) {
        server.close();
        server.closeAllConnections();
      }
      await inner.close();
    },
  };
}

interface Listener {
  readonly server: http.Server;
  readonly host: string;
}

async function listen(
  handle: (request: http.IncomingMessage, response: http.ServerResponse) => Promise<unknown>,
): Promise<Listener> {
  const server = http.createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** What the engine's own registry answers. */
function fetchInner(
  url: string,
  { accept, range }: http.IncomingHttpHeaders,
): Promise<Required<Reply> & { body: Buffer }> {
  const headers = Object.fromEntries(Object.entries({ accept, range }).filter(([, value]) => value !== undefined));
  return new Promise((resolve, reject) => {
    http
      .get(url, { headers: headers as http.OutgoingHttpHeaders, agent: false }, async response => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        const kept = ['content-type', 'content-range', 'docker-content-digest'] as const;
        const found = kept.filter(name => response.headers[name] !== undefined);
        resolve({
          status: response.statusCode!,
          headers: Object.fromEntries(found.map(name => [capitalised(name), String(response.headers[name])])),
          body: Buffer.concat(chunks),
        });
      })
      .on('error', reject);
  });
}

const capitalised = (name: string) => name.replace(/\b[a-z]/g, letter => letter.toUpperCase());

function challenge(host: string, pathname: string): http.OutgoingHttpHeaders {
  const repository = /^\/v2\/(.+)\/(manifests|blobs)\//.exec(pathname)?.[1] ?? '';
  const parameters = { realm: `http://${host}/token`, service: 'lesson', scope: `repository:${repository}:pull` };
  const text = Object.entries(parameters).map(([name, value]) => `${name}="${value}"`);
  return { 'WWW-Authenticate': `Bearer ${text.join(', ')}` };
}

const failure = (code: string, message: string) => ({ errors: [{ code, message }] });

function json(status: number, value: object, headers: http.OutgoingHttpHeaders = {}): Reply {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

function flipped(content: Buffer): Buffer {
  const copy = Buffer.from(content);
  copy[copy.length >> 1]! ^= 1;
  return copy;
}

/** Types of bodies that tell nothing. */
const plain: readonly unknown[] = ['application/json', 'application/octet-stream'];
const asked = ['accept', 'authorization', 'range'];
const answered = [
  'WWW-Authenticate',
  'Location',
  'Retry-After',
  'Content-Type',
  'Content-Range',
  'Docker-Content-Digest',
];

/**
 * One exchange as people write HTTP down. Long digests and types are cut short, and of a list of types that was told before
 * only the first stands there; spaces are such as no wrapping takes away.
 */
function printed({ at, path, headers, status, answer }: Exchange, told: Set<string>): string[] {
  const indent = (text: string, depth: number) => '\u00a0'.repeat(2 * depth) + text;
  const fields = (all: Record<string, unknown>, names: readonly string[], depth: number) =>
    names
      .filter(name => all[name] !== undefined && !plain.includes(all[name]))
      .map(name => indent(`${capitalised(name)}: ${repeated(String(all[name]), told)}`, depth));
  return [
    `${at} ← GET ${shortened(path)}`,
    ...fields(headers, asked, 1),
    indent(`→ ${status} ${http.STATUS_CODES[status]}`, 2),
    ...fields(answer, answered, 3),
  ];
}

const shortened = (text: string) =>
  text.replace(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/g, '$1…').replace(/application\/vnd\./g, '…');

function repeated(value: string, told: Set<string>): string {
  const parts = shortened(value).split(', ');
  if (!value.startsWith('application/') || parts.length === 1 || !told.has(value)) {
    told.add(value);
    return parts.join(', ');
  }
  return `${parts[0]}, … (${parts.length})`;
}
