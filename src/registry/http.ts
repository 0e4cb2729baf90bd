import http from 'node:http';
import https from 'node:https';
import { errnoOf, MinidockError } from '../errors.ts';

export interface HttpRequest {
  url: URL;
  method?: string;
  headers?: Record<string, string>;
  /** Certificates are not verified, and a redirect from https to http is followed. */
  insecure?: boolean;
  signal?: AbortSignal;
  /** A silent connection is given up after so long. */
  idleTimeoutMs?: number;
}

const maxRedirects = 5;
const defaultIdleTimeoutMs = 30_000;
const connectTimeoutMs = 10_000;
const agents = {
  'http:': new http.Agent({ keepAlive: true }),
  'https:': new https.Agent({ keepAlive: true }),
};

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

function sendOnce({ url, method, headers, insecure, signal, idleTimeoutMs }: HttpRequest): Promise<HttpAnswer> {
  const timeout = idleTimeoutMs ?? defaultIdleTimeoutMs;
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:';
    const options = { method, headers: { 'user-agent': 'minidock', ...headers }, signal, timeout };
    const request = secure
      ? https.request(url, { ...options, agent: agents['https:'], rejectUnauthorized: !insecure })
      : http.request(url, { ...options, agent: agents['http:'] });
    request.on('timeout', () => request.destroy(silence(url, timeout)));
    request.on('socket', socket => {
      if (!socket.connecting) return;
      // Not tried again: who does not answer in ten seconds is not there.
      const late = Object.assign(new Error('no connection within 10 seconds'), { code: 'CONNECT_TIMEOUT' });
      const timer = setTimeout(() => request.destroy(late), connectTimeoutMs);
      const stop = () => clearTimeout(timer);
      socket.once('connect', stop).once('close', stop);
    });
    request.on('error', reject);
    request.on('response', body => {
      body.setTimeout(timeout, () => body.destroy(silence(url, timeout)));
      resolve({ status: body.statusCode ?? 0, headers: body.headers, body });
    });
    request.end();
  });
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

export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || (error as { code?: string }).code === 'ABORT_ERR');
}
