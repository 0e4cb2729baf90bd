import http from 'node:http';
import https from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import { errnoOf, MinidockError } from '../../errors.ts';
import { proxyFor, proxyHeaders, tunnelThrough } from './proxy.ts';
import { certificateFolders, trustFor } from './trust.ts';

export interface HttpRequest {
  url: URL;
  method?: string;
  headers?: Record<string, string>;
  /** A stream is made anew where the request is sent again; its length must be in the headers. */
  body?: Uint8Array | (() => Readable);
  /** Certificates are not verified, and a redirect from https to http is followed. */
  insecure?: boolean;
  /** Folders of certificates by host: `certs.d`. */
  certificates?: readonly string[];
  signal?: AbortSignal;
  /** A connection that is silent, or next to silent, is given up after so long. */
  idleTimeoutMs?: number;
}

const maxRedirects = 5;
const defaultIdleTimeoutMs = 30_000;
const connectTimeoutMs = 10_000;
/**
 * A peer that sends less than this in `idleTimeoutMs` counts as silent: it may keep connections open on purpose ("slow
 * loris").
 */
const leastBytes = 1024;
const agents = {
  'http:': new http.Agent({ keepAlive: true }),
  'https:': new https.Agent({ keepAlive: true }),
};

const leastExpected = 64 << 10;
const continueTimeoutMs = 1000;

/** An answer, its body not read yet. */
export interface HttpAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: http.IncomingMessage;
}

/**
 * Sends a request and follows redirects. `Authorization` is for the host that was asked: another host or port, or the step
 * from https to http, does not get to see it.
 */
export async function send(request: HttpRequest): Promise<HttpAnswer> {
  let { url, headers = {} } = request;
  for (let redirects = 0; ; redirects++) {
    const answer = await sendOnce({ ...request, url, headers });
    const { location } = answer.headers;
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer;
    answer.body.destroy();
    // Only these two keep the method and the body (RFC 9110, 15.4).
    const isRead = ['GET', 'HEAD'].includes(request.method ?? 'GET');
    if (!isRead && answer.status !== 307 && answer.status !== 308) throw badRedirect(url, location);
    if (redirects === maxRedirects)
      throw new MinidockError('too-many-redirects', `${request.url.host} redirects in circles`);
    if (!URL.canParse(location, url.href)) throw badRedirect(url, location);
    const next = new URL(location, url);
    if (!['http:', 'https:'].includes(next.protocol)) throw badRedirect(url, location);
    if (url.protocol === 'https:' && next.protocol === 'http:' && !request.insecure)
      throw badRedirect(url, next.origin);
    if (next.host !== url.host || next.protocol !== url.protocol) {
      const { authorization: _, ...rest } = headers;
      headers = rest;
    }
    url = next;
  }
}

function badRedirect(from: URL, to: string): MinidockError {
  return new MinidockError('bad-redirect', `${from.host} redirects to ${JSON.stringify(to)}, which is not followed`);
}

function sendOnce(request: HttpRequest): Promise<HttpAnswer> {
  const { url, body, signal } = request;
  const timeout = request.idleTimeoutMs ?? defaultIdleTimeoutMs;
  return new Promise((resolve, reject) => {
    const outgoing = open(request, timeout);
    outgoing.on('timeout', () => outgoing.destroy(silence(url, timeout)));
    outgoing.on('socket', socket => {
      if (!socket.connecting) return;
      // Not retried: a host that does not answer in ten seconds counts as down.
      const late = Object.assign(new Error('no connection within 10 seconds'), { code: 'CONNECT_TIMEOUT' });
      const timer = setTimeout(() => outgoing.destroy(late), connectTimeoutMs);
      const stop = () => clearTimeout(timer);
      socket.once('connect', stop).once('close', stop);
    });
    outgoing.on('error', error => reject(signal?.aborted ? signal.reason : error));
    outgoing.on('response', incoming => {
      watch(incoming, url, timeout);
      // Answered before all was sent: the connection is of no further use.
      incoming.once('end', () => outgoing.writableFinished || outgoing.destroy());
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: incoming });
    });
    // An error of the body is reported by the request, or the server has answered already and does not want the rest.
    if (typeof body === 'function') whenWelcome(outgoing, () => pipeline(body(), outgoing, () => {}));
    else outgoing.end(body);
  });
}

/**
 * Lets the server say no before a large body is sent (RFC 9110, 10.1.1): who writes to a server that has answered and hung
 * up sees a broken pipe and not the answer. Servers that know nothing of it are given a second.
 */
function whenWelcome(outgoing: http.ClientRequest, send: () => void): void {
  const length = Number(outgoing.getHeader('content-length'));
  if (length < leastExpected) {
    send();
    return;
  }
  let isOver = false;
  const once = (action: () => void) => () => {
    clearTimeout(timer);
    if (!isOver) action();
    isOver = true;
  };
  const timer = setTimeout(once(send), continueTimeoutMs);
  outgoing.setHeader('expect', '100-continue');
  outgoing.once('continue', once(send));
  for (const event of ['response', 'close'] as const)
    outgoing.once(
      event,
      once(() => {}),
    );
  outgoing.flushHeaders();
}

function open({ url, method, headers, insecure, certificates, signal }: HttpRequest, timeout: number) {
  const options = { method, headers: { 'user-agent': 'minidock', ...headers }, signal, timeout };
  const proxy = proxyFor(url);
  if (url.protocol === 'https:') {
    const trust = trustFor(url.host, certificates ?? certificateFolders());
    const agent = proxy === undefined ? agents['https:'] : tunnelThrough(proxy);
    return https.request(url, { ...options, ...trust, agent, rejectUnauthorized: !insecure });
  }
  if (proxy === undefined) return http.request(url, { ...options, agent: agents['http:'] });
  const throughProxy = { host: url.host, ...options.headers, ...proxyHeaders(proxy) };
  const { request } = proxy.protocol === 'https:' ? https : http;
  return request(proxy, { ...options, path: url.href, headers: throughProxy });
}

/** Ends a body that stalls, or comes so slowly that it never ends. */
function watch(body: http.IncomingMessage, url: URL, timeout: number): void {
  const { socket } = body;
  let before = socket.bytesRead;
  const timer = setInterval(() => {
    // Data that waits to be read here does not count against the peer.
    if (body.readableLength === 0 && socket.bytesRead - before < leastBytes) body.destroy(silence(url, timeout));
    before = socket.bytesRead;
  }, timeout);
  body.once('close', () => clearInterval(timer));
  body.once('end', () => clearInterval(timer));
}

function silence(url: URL, timeoutMs: number): Error {
  return Object.assign(new Error(`${url.host} was silent for ${timeoutMs / 1000} seconds`), { code: 'ETIMEDOUT' });
}

/** Reads a whole body of at most `maxBytes`. */
export async function readBody({ body }: HttpAnswer, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      body.destroy();
      throw new MinidockError('answer-too-large', `the registry's answer is larger than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Whether the same request may succeed a moment later. */
export function isTransient(error: unknown): boolean {
  const code = error instanceof MinidockError ? error.code : (errnoOf(error) ?? '');
  return (
    ['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'truncated-blob'].includes(code) ||
    (error instanceof Error &&
      /aborted|socket hang up|premature close/i.test(error.message) &&
      error.name !== 'AbortError')
  );
}

/** Whether the connection itself failed, so that another endpoint may be tried. */
export function isConnectionFailure(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && !(error instanceof MinidockError) && !isAbort(error);
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || (error as { code?: string }).code === 'ABORT_ERR');
}
