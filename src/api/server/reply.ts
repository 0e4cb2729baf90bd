import type { ServerResponse } from 'node:http';
import { encodeJson } from '../go/json.ts';
import type { Value } from '../go/values.ts';
import { errorOf, statusOf } from './errors.ts';
import type { LineOptions, Reply } from './route.ts';

/** Writes an answer, as fast as its reader takes it. Rejects where its source fails, before the head or after it. */
export async function send(response: ServerResponse, reply: Reply, version: number): Promise<void> {
  switch (reply.kind) {
    case 'hijacked':
      return;
    case 'empty':
      response.writeHead(reply.status, reply.headers).end();
      return;
    case 'value':
      return sendJson(response, reply.status, encodeJson(reply.shape(reply.data as never, version)));
    case 'bytes':
      return await pour(response, reply.source, () => response.writeHead(reply.status, reply.headers));
    case 'lines': {
      const { source, shape, atOnce, failure } = reply;
      const begin = () => response.writeHead(200, json);
      if (atOnce) begin().flushHeaders();
      return await pour(
        response,
        texts(source, line => shape(line as never, version), { atOnce, failure }),
        begin,
      );
    }
  }
}

const json = { 'Content-Type': 'application/json' };

function sendJson(response: ServerResponse, status: number, text: string): void {
  const body = Buffer.from(`${text}\n`);
  response.writeHead(status, { ...json, 'Content-Length': body.length }).end(body);
}

/** `{"message": …}`; the connection is cut where an answer has begun already. */
export function sendFailure(response: ServerResponse, thrown: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const error = errorOf(thrown);
  const status = statusOf(error);
  // A status that has no body.
  if (status === 304) response.writeHead(304).end();
  else sendJson(response, status, JSON.stringify({ message: error.message }));
}

async function* texts(
  source: AsyncIterable<unknown>,
  shape: (line: unknown) => Value,
  { atOnce: begun = false, failure }: LineOptions,
): AsyncGenerator<Buffer> {
  try {
    for await (const line of source) {
      yield Buffer.from(`${encodeJson(shape(line))}\n`);
      begun = true;
    }
  } catch (error) {
    if (!begun || failure === undefined) throw error;
    yield Buffer.from(`${encodeJson(failure(errorOf(error)))}\n`);
  }
}

async function pour(
  response: ServerResponse,
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
  begin: () => void,
): Promise<void> {
  for await (const chunk of source) {
    if (response.destroyed) return;
    if (!response.headersSent) begin();
    if (!response.write(chunk)) await drained(response);
  }
  if (!response.headersSent) begin();
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
