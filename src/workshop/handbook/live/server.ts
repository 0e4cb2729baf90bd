import { randomBytes, timingSafeEqual } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { LiveProgram } from './program.ts';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

export interface LiveServer {
  /** With the token, without which nothing is answered. */
  readonly url: string;
  /** Ends the program that runs, too. */
  close(): Promise<void>;
}

/**
 * Serves a handbook on the loopback, to who knows the token, and performs its programs as root. A page of another origin can neither
 * read an answer nor guess the token; one that has another name for this address (DNS rebinding) is known by the Host header.
 *
 * @param pages names of the pages whose program may be performed
 */
export async function serveLive(folder: string, pages: ReadonlySet<string>): Promise<LiveServer> {
  const token = randomBytes(16).toString('hex');
  let current: LiveProgram | undefined;
  const server = http.createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
    const { host = '', origin } = request.headers;
    const [, given = '', ...rest] = new URL(request.url ?? '/', 'http://localhost').pathname.split('/');
    if (!hosts.includes(host) || (origin !== undefined && !hosts.includes(origin.replace('http://', ''))))
      return refuse(response, 403, 'the handbook answers to this machine alone');
    if (!sameText(given, token))
      return refuse(response, 404, 'use the address that npm run handbook printed: it has a token');
    if (rest[0] !== 'live') return serveFile(response, folder, rest.join('/'), request.method);
    const page = rest[1] ?? '';
    if (!pages.has(page)) return refuse(response, 404, 'no program of this name');
    const { 'last-event-id': seen } = request.headers;
    if (request.method === 'POST') {
      current?.go();
      response.writeHead(current ? 204 : 409).end();
    } else if (seen !== undefined) {
      if (current?.page === page) current.attach(response, Number(seen));
      // The page asks no more.
      else response.writeHead(204).end();
    } else if (current !== undefined) refuse(response, 409, 'another page runs a program: end it first');
    else {
      current = new LiveProgram(page);
      current.attach(response);
      void current.ended.then(() => {
        current = undefined;
      });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/${token}/index.html`,
    close: async () => {
      current?.stop();
      await current?.ended;
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

function serveFile(response: http.ServerResponse, folder: string, name: string, method?: string): void {
  const type = types[path.extname(name)];
  const isPlain = /^([\w-]+\/)?[\w.-]+$/.test(name) && !name.includes('..');
  if (method !== 'GET' || type === undefined || !isPlain || !fs.existsSync(path.join(folder, name))) {
    refuse(response, 404, 'no such page');
    return;
  }
  const content = fs.readFileSync(path.join(folder, name), 'utf8');
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  response.end(
    type.startsWith('text/html') ? content.replace('<head>', '<head>\n<meta name="live" content="yes">') : content,
  );
}

function refuse(response: http.ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${why}\n`);
}

function sameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
