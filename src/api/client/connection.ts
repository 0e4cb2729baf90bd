import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { errnoOf, MinidockError } from '../../errors.ts';
import { version } from '../../version.ts';
import { plainType, readError, versionHeader } from '../plain.ts';
import type { Host } from './host.ts';

export interface Request {
  readonly verb: string;
  /** With its query. */
  readonly path: string;
  readonly body?: string | AsyncIterable<Buffer>;
  readonly abort?: AbortSignal;
}

/** Speaks HTTP with a daemon; connections are kept for the next request. */
export class Connection {
  readonly #agent: http.Agent;
  readonly #options: http.RequestOptions | https.RequestOptions;
  readonly #request: typeof http.request;

  constructor(private readonly host: Host) {
    const tls = 'name' in host ? host.tls : undefined;
    this.#request = tls === undefined ? http.request : https.request;
    this.#agent = tls === undefined ? new http.Agent({ keepAlive: true }) : new https.Agent({ keepAlive: true });
    this.#options =
      'socketPath' in host
        ? { socketPath: host.socketPath }
        : { host: host.name, port: host.port, ...(tls && pemOf(tls)) };
  }

  /** The answer, its body not read. An answer that is an error rejects with the error that it tells. */
  async ask({ verb, path, body, abort }: Request): Promise<http.IncomingMessage> {
    abort?.throwIfAborted();
    const request = this.#begin(verb, path, {});
    const stop = () => request.destroy(abort!.reason);
    abort?.addEventListener('abort', stop, { once: true });
    try {
      const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
        request.on('response', resolve);
        request.on('error', reject);
      });
      await this.#send(request, body, answered);
      const response = await answered;
      response.on('close', () => abort?.removeEventListener('abort', stop));
      await this.#expectOurs(response);
      return response;
    } catch (error) {
      request.destroy();
      throw abort?.aborted ? abort.reason : this.explain(error);
    }
  }

  /** A connection in both directions. */
  async upgrade(verb: string, path: string): Promise<Duplex> {
    const request = this.#begin(verb, path, { Connection: 'Upgrade', Upgrade: 'minidock' });
    try {
      const upgraded = new Promise<[Socket, Buffer]>((resolve, reject) => {
        request.on('upgrade', (_, socket, head) => resolve([socket, head]));
        request.on('response', response => this.#expectOurs(response).then(() => reject(notOurs(this.host)), reject));
        request.on('error', reject);
      });
      request.end();
      const [socket, head] = await upgraded;
      if (head.length > 0) socket.unshift(head);
      return socket;
    } catch (error) {
      throw this.explain(error);
    }
  }

  #begin(method: string, path: string, headers: http.OutgoingHttpHeaders): http.ClientRequest {
    return this.#request({
      ...this.#options,
      agent: headers.Upgrade === undefined ? this.#agent : false,
      method,
      path,
      headers: {
        ...('socketPath' in this.host && { Host: 'minidock' }),
        Accept: plainType,
        [versionHeader]: version,
        ...headers,
      },
    });
  }

  /** Stops sending once there is an answer: it is an error then, or nobody wants the rest. */
  async #send(request: http.ClientRequest, body: Request['body'], answered: Promise<unknown>): Promise<void> {
    if (body === undefined || typeof body === 'string') {
      if (body !== undefined) request.setHeader('Content-Type', plainType);
      request.end(body);
      return;
    }
    request.setHeader('Content-Type', 'application/x-tar');
    let isAnswered = false;
    const done = answered.then(
      () => {
        isAnswered = true;
      },
      () => {
        isAnswered = true;
      },
    );
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (isAnswered) break;
      if (request.write(chunk)) continue;
      await Promise.race([done, new Promise(resolve => request.once('drain', resolve))]);
    }
    request.end();
  }

  /** @throws {MinidockError} what the answer tells */
  async #expectOurs(response: http.IncomingMessage): Promise<void> {
    const theirs = response.headers[versionHeader];
    if (theirs === undefined) {
      response.resume();
      throw notOurs(this.host);
    }
    if (theirs !== version) {
      response.resume();
      throw new MinidockError(
        'other-version',
        `this is minidock ${version}, the daemon at ${this.host.shown} is ${theirs}`,
        {
          fix: 'use the same version for both: start the daemon anew after an update',
        },
      );
    }
    if (response.statusCode! < 400) return;
    let text = '';
    for await (const chunk of response) text += chunk;
    throw readError(JSON.parse(text));
  }

  /** What went wrong between us and the daemon, as an error of ours. */
  explain(error: unknown): unknown {
    const { shown } = this.host;
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (error instanceof MinidockError) return error;
    if (errnoOf(error) === 'EACCES' || errnoOf(error) === 'EPERM')
      return new MinidockError(
        'daemon-denied',
        `permission denied while connecting to the minidock daemon at ${shown}`,
        {
          fix: 'as root, or as a member of the group that owns the socket: `ls -l` shows it',
        },
      );
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || errnoOf(error) === 'ENOTFOUND' || unreachable.has(code))
      return new MinidockError(
        'daemon-unreachable',
        `Cannot connect to the minidock daemon at ${shown}. Is the minidock daemon running?`,
        { cause: error, fix: 'sudo minidock daemon' },
      );
    if (code.startsWith('HPE_')) return notOurs(this.host);
    if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_|SELF_|UNABLE_|EPROTO)/.test(code))
      return new MinidockError(
        'daemon-denied',
        `the minidock daemon at ${shown} and we do not trust each other: ${message}`,
        {
          fix: 'name the files that the daemon was started with: --tlscacert, --tlscert, --tlskey',
        },
      );
    return new MinidockError(
      'daemon-unreachable',
      `the connection to the minidock daemon at ${shown} broke: ${message}`,
      {
        cause: error,
      },
    );
  }
}

const unreachable = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EAI_AGAIN', 'EADDRNOTAVAIL', 'ENOTSOCK']);

const notOurs = ({ shown }: Host) =>
  new MinidockError('not-minidock', `what answers at ${shown} is no minidock daemon`, {
    fix: 'for a Docker daemon use docker; minidock daemon starts one of ours',
  });

function pemOf(files: { ca?: string; cert?: string; key?: string }) {
  const read = (file: string) => {
    try {
      return fs.readFileSync(file);
    } catch (error) {
      throw new MinidockError('invalid-certificate', `cannot read ${JSON.stringify(file)}: ${errnoOf(error) ?? error}`);
    }
  };
  return Object.fromEntries(Object.entries(files).map(([kind, file]) => [kind, read(file)]));
}
