import type http from 'node:http';
import type { Digest } from '../../oci/digest.ts';

/** A request that gets an error of the distribution-spec ("Error Codes") for an answer. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const identity = (digest: Digest) => ({ 'Docker-Content-Digest': digest, ETag: `"${digest}"` });

export function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw new Refusal(400, 'NAME_INVALID', 'the path is not valid UTF-8 in percent-encoding');
  }
}

/** An answer without a body. */
export function sendEmpty(response: http.ServerResponse, status: number, headers: http.OutgoingHttpHeaders = {}): void {
  response.writeHead(status, { 'Content-Length': 0, ...headers }).end();
}

export function sendJson(response: http.ServerResponse, value: object, status = 200): void {
  const content = `${JSON.stringify(value)}\n`;
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(content) });
  response.end(content);
}

/** A part of a sorted list: `?n=` names, those after `?last=`; a Link header leads to the next (RFC 5988). */
export function sendPage(
  response: http.ServerResponse,
  url: URL,
  names: string[],
  shape: (page: string[]) => object,
): void {
  const last = url.searchParams.get('last');
  const wanted = url.searchParams.get('n');
  const rest = last === null ? names : names.filter(name => name > last);
  const count = wanted !== null && /^\d{1,9}$/.test(wanted) ? Number(wanted) : rest.length;
  const page = rest.slice(0, count);
  if (page.length > 0 && page.length < rest.length) {
    const query = new URLSearchParams({ n: String(count), last: page.at(-1)! });
    response.setHeader('Link', `<${url.pathname}?${query}>; rel="next"`);
  }
  sendJson(response, shape(page));
}

/** The client sees the connection end before its length where it is too late for an error. */
export function sendFailure(response: http.ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) response.destroy();
  else if (error instanceof Refusal) {
    // What the client still sends is not read: it cannot be used for another request.
    if (!response.req.complete) response.setHeader('Connection', 'close');
    sendJson(response, { errors: [{ code: error.code, message: error.message }] }, error.status);
  } else sendJson(response, { errors: [{ code: 'UNKNOWN', message: (error as Error).message }] }, 500);
}
