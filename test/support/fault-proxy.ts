import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { onExit } from './cleanup.ts';

export interface FaultProxy {
  /** `127.0.0.1:PORT`. */
  host: string;
  /** `METHOD path` of each request so far, and its headers. */
  requests: { line: string; headers: http.IncomingHttpHeaders }[];
  /** Called first for each request; true means that it has answered. */
  intercept: (request: http.IncomingMessage, response: http.ServerResponse) => boolean | undefined;
  /** So many bytes of this request's body are passed on, then both connections break. */
  cutBody: (request: http.IncomingMessage) => number | undefined;
  close(): void;
}

/** Stands before a real server and breaks what passes through. */
export async function faultProxy(target: { host: string }): Promise<FaultProxy> {
  const proxy: FaultProxy = {
    host: '',
    requests: [],
    intercept: () => false,
    cutBody: () => undefined,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  const [hostname, port] = target.host.split(':');
  const server = http.createServer();
  const handle = (request: http.IncomingMessage, response: http.ServerResponse) => {
    proxy.requests.push({ line: `${request.method} ${request.url}`, headers: request.headers });
    if (proxy.intercept(request, response)) return;
    const { method, url: path } = request;
    const { expect, ...headers } = request.headers;
    if (expect !== undefined) response.writeContinue();
    const forward = http.request({ hostname, port, method, path, headers, agent: false }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forward.on('error', () => response.destroy());
    const cut = proxy.cutBody(request);
    if (cut === undefined) {
      request.pipe(forward);
      return;
    }
    let left = cut;
    request.on('data', (chunk: Buffer) => {
      if (left <= 0) return;
      const passed = chunk.subarray(0, left);
      left -= passed.length;
      forward.write(passed, () => {
        if (left > 0) return;
        // The other side gets a moment to store what has come.
        setTimeout(() => {
          forward.destroy();
          request.destroy();
        }, 50);
      });
    });
  };
  server.on('request', handle).on('checkContinue', handle);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  onExit(proxy.close);
  proxy.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}
