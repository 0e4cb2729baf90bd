import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { blobPath, type Digest, isDigest } from '../image/digest.ts';
import { Layout } from '../image/layout.ts';
import { maxManifestSize, parseManifest } from '../image/manifest.ts';
import { Catalog } from './catalog.ts';

export interface ServeOptions {
  /** Directory of an OCI image layout. */
  layout: string;
  /** What entries belong to that are named by a tag alone, as skopeo names them: `library/nginx`. */
  repository?: string;
  host?: string;
  /** 0 takes any free port. */
  port?: number;
}

export interface RegistryServer {
  /** `http://127.0.0.1:40123`. */
  url: string;
  /** `127.0.0.1:40123`. */
  host: string;
  close(): Promise<void>;
}

/**
 * Serves an image layout read-only over the OCI distribution API: `/v2/`, manifests, blobs with ranges, `tags/list`,
 * `_catalog`. The layout is read anew for each request, so images that appear in it are served at once.
 */
export async function serve({
  layout,
  repository,
  host = '127.0.0.1',
  port = 0,
}: ServeOptions): Promise<RegistryServer> {
  const files = new Layout(layout);
  const server = http.createServer((request, response) => {
    answer(files, new Catalog(files, repository), request, response).catch(error => fail(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const name = `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  return {
    url: `http://${name}`,
    host: name,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Repository names hold slashes: what follows is told by the last fixed word. */
const routes = {
  manifest: /^\/v2\/(.+)\/manifests\/([^/]+)$/,
  blob: /^\/v2\/(.+)\/blobs\/([^/]+)$/,
  tags: /^\/v2\/(.+)\/tags\/list$/,
};

async function answer(
  layout: Layout,
  catalog: Catalog,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  response.setHeader('Docker-Distribution-API-Version', 'registry/2.0');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new Refusal(405, 'UNSUPPORTED', 'this registry is read-only');
  }
  if (url.pathname === '/v2/' || url.pathname === '/v2') return sendJson(response, {});
  if (url.pathname === '/v2/_catalog') {
    return sendPage(response, url, catalog.repositories(), repositories => ({ repositories }));
  }
  const [, tagged] = routes.tags.exec(url.pathname) ?? [];
  if (tagged !== undefined) {
    const tags = catalog.tags(tagged);
    if (tags.length === 0) throw new Refusal(404, 'NAME_UNKNOWN', 'repository name not known to registry');
    return sendPage(response, url, tags, page => ({ name: tagged, tags: page }));
  }
  const [, repository, name] = routes.manifest.exec(url.pathname) ?? [];
  if (repository !== undefined) return sendManifest(layout, catalog, repository, name!, response);
  const [, , blob] = routes.blob.exec(url.pathname) ?? [];
  if (blob !== undefined) return sendBlob(layout, blob, request, response);
  throw new Refusal(404, 'NAME_UNKNOWN', 'no such path');
}

function sendManifest(
  layout: Layout,
  catalog: Catalog,
  repository: string,
  name: string,
  response: http.ServerResponse,
): void {
  const digest = catalog.manifest(repository, decode(name));
  if (digest === undefined || !layout.has(digest)) throw new Refusal(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  const content = layout.read(digest, maxManifestSize);
  const { mediaType } = parseManifest(content, undefined, `blob ${digest}`);
  response.writeHead(200, { 'Content-Type': mediaType, 'Content-Length': content.length, ...identity(digest) });
  response.end(content);
}

async function sendBlob(
  layout: Layout,
  name: string,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const digest = decode(name);
  if (!isDigest(digest)) throw new Refusal(400, 'DIGEST_INVALID', 'provided digest is no sha256 digest');
  const file = blobPath(layout.directory, digest);
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw new Refusal(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
  const range = parseRange(request.headers.range, size);
  if (range === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${size}`);
    throw new Refusal(416, 'RANGE_INVALID', 'range lies outside the blob');
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  response.writeHead(range === undefined ? 200 : 206, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': end - start + 1,
    'Accept-Ranges': 'bytes',
    ...(range === undefined ? {} : { 'Content-Range': `bytes ${start}-${end}/${size}` }),
    ...identity(digest),
  });
  if (request.method === 'HEAD' || size === 0) response.end();
  else await pipeline(fs.createReadStream(file, { start, end, highWaterMark: 256 << 10 }), response);
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw new Refusal(400, 'NAME_INVALID', 'the path is not valid UTF-8 in percent-encoding');
  }
}

/** One range of bytes (RFC 9110, 14.1.2); several at once, or another unit, are ignored, as the RFC allows. */
export function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [first, last] = [match[1]!, match[2]!];
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  return start > end ? 'unsatisfiable' : { start, end };
}

const identity = (digest: Digest) => ({ 'Docker-Content-Digest': digest, ETag: `"${digest}"` });

/** A part of a sorted list: `?n=` names, those after `?last=`; a Link header leads to the next (RFC 5988). */
function sendPage(response: http.ServerResponse, url: URL, names: string[], shape: (page: string[]) => object): void {
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

function sendJson(response: http.ServerResponse, value: object, status = 200): void {
  const content = `${JSON.stringify(value)}\n`;
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(content) });
  response.end(content);
}

function fail(response: http.ServerResponse, error: unknown): void {
  // The client is gone, or has half an answer: it sees the connection end before its length.
  if (response.headersSent) response.destroy();
  else if (error instanceof Refusal) {
    sendJson(response, { errors: [{ code: error.code, message: error.message }] }, error.status);
  } else sendJson(response, { errors: [{ code: 'UNKNOWN', message: (error as Error).message }] }, 500);
}
