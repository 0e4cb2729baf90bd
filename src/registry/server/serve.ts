import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Layout } from '../../image/layout.ts';
import { isDigest } from '../../oci/digest.ts';
import { sendBlob } from './blobs.ts';
import { Catalog, ownHost } from './catalog.ts';
import { Manifests, sendManifest } from './manifests.ts';
import { decode, Refusal, sendEmpty, sendFailure, sendJson, sendPage } from './replies.ts';
import { Uploads } from './uploads.ts';

export { parseRange } from './blobs.ts';

export interface ServeOptions {
  /** Directory of an OCI image layout. */
  layout: string;
  /** The engine's root that the layout belongs to. Without it the registry is read-only. */
  root?: string;
  /** What entries belong to that are named by a tag alone, as skopeo names them: `library/nginx`. */
  repository?: string;
  host?: string;
  /** 0 takes any free port. */
  port?: number;
  /** Called when a request is answered, or its client gone (status 0). */
  onRequest?: (request: { client: string; method: string; path: string; status: number; milliseconds: number }) => void;
}

export interface RegistryServer {
  /** `http://127.0.0.1:40123`. */
  url: string;
  /** `127.0.0.1:40123`. */
  host: string;
  port: number;
  /** Ends all connections; what was half uploaded is gone. */
  close(): Promise<void>;
}

/** A large blob on a slow line takes its time; a client that only pretends to send does not take more. */
const requestTimeoutMs = 60 * 60_000;

/**
 * Serves an image layout over the OCI distribution API: `/v2/`, manifests, blobs with ranges, `tags/list`, `_catalog`; with a
 * `root` also uploads, mounts and deletion. The layout is read anew for each request, so images that appear in it are served
 * at once.
 */
export async function serve(options: ServeOptions): Promise<RegistryServer> {
  const { host = '127.0.0.1', port = 0 } = options;
  const layout = new Layout(options.layout);
  let registry: Registry | undefined;
  const server = http.createServer({ requestTimeout: requestTimeoutMs }, (request, response) => {
    const started = Date.now();
    response.once('close', () => {
      const status = response.writableFinished ? response.statusCode : 0;
      const { method = '', url: path = '' } = request;
      const client = request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
      options.onRequest?.({ client, method, path, status, milliseconds: Date.now() - started });
    });
    registry!.answer(request, response).catch(error => sendFailure(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  registry = new Registry(layout, options, address.port);
  const name = `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  return {
    url: `http://${name}`,
    host: name,
    port: address.port,
    close: async () => {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      server.closeAllConnections();
      await Promise.all([closed, registry.close()]);
    },
  };
}

/** Repository names hold slashes: what follows is told by the last fixed words. */
const routes = {
  manifest: /^\/v2\/(.+)\/manifests\/([^/]+)$/,
  begin: /^\/v2\/(.+)\/blobs\/uploads\/?$/,
  upload: /^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/,
  blob: /^\/v2\/(.+)\/blobs\/([^/]+)$/,
  tags: /^\/v2\/(.+)\/tags\/list$/,
};
/** A repository as the distribution-spec has it ("Pulling manifests"). */
const repositoryName = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

class Registry {
  readonly #layout: Layout;
  readonly #options: ServeOptions;
  readonly #uploads: Uploads | undefined;
  readonly #manifests: Manifests | undefined;

  constructor(layout: Layout, options: ServeOptions, port: number) {
    this.#layout = layout;
    this.#options = options;
    if (options.root === undefined) return;
    this.#uploads = new Uploads(layout);
    this.#manifests = new Manifests(options.root, `${ownHost}:${port}`);
  }

  async close(): Promise<void> {
    await this.#uploads?.close();
  }

  async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    response.setHeader('Docker-Distribution-API-Version', 'registry/2.0');
    if (request.method === 'GET' || request.method === 'HEAD') return this.#read(url, request, response);
    await this.#write(url, request, response);
  }

  async #read(url: URL, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { pathname } = url;
    if (pathname === '/v2/' || pathname === '/v2') return sendJson(response, {});
    const upload = routes.upload.exec(pathname);
    if (upload !== null && this.#uploads !== undefined)
      return this.#uploads.handle(upload[1]!, upload[2]!, url, request, response);
    const catalog = this.#catalog();
    if (pathname === '/v2/_catalog') {
      return sendPage(response, url, catalog.repositories(), repositories => ({ repositories }));
    }
    const [, tagged] = routes.tags.exec(pathname) ?? [];
    if (tagged !== undefined) {
      const tags = catalog.tags(tagged);
      if (tags.length === 0) throw new Refusal(404, 'NAME_UNKNOWN', 'repository name not known to registry');
      return sendPage(response, url, tags, page => ({ name: tagged, tags: page }));
    }
    const [, repository, name] = routes.manifest.exec(pathname) ?? [];
    if (repository !== undefined)
      return sendManifest(this.#layout, catalog, repository, decode(name!), request, response);
    const [, , blob] = routes.blob.exec(pathname) ?? [];
    if (blob !== undefined) return sendBlob(this.#layout, decode(blob), request, response);
    throw new Refusal(404, 'NAME_UNKNOWN', 'no such path');
  }

  async #write(url: URL, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const [uploads, manifests] = [this.#uploads, this.#manifests];
    if (uploads === undefined || manifests === undefined) {
      throw new Refusal(405, 'UNSUPPORTED', 'this registry is read-only');
    }
    const { pathname } = url;
    const { method } = request;
    const [, into] = routes.begin.exec(pathname) ?? [];
    if (into !== undefined && method === 'POST') return uploads.begin(checkRepository(into), url, request, response);
    const upload = routes.upload.exec(pathname);
    if (upload !== null) return uploads.handle(upload[1]!, upload[2]!, url, request, response);
    const [, repository, name] = routes.manifest.exec(pathname) ?? [];
    if (repository !== undefined && method === 'PUT')
      return manifests.put(this.#catalog(), checkRepository(repository), decode(name!), request, response);
    if (repository !== undefined && method === 'DELETE') return manifests.delete(repository, decode(name!), response);
    const [, , blob] = routes.blob.exec(pathname) ?? [];
    if (blob !== undefined && method === 'DELETE') return this.#deleteBlob(decode(blob), response);
    throw new Refusal(405, 'UNSUPPORTED', `${method} is not for this path`);
  }

  /** Only blobs that no image needs are deleted. */
  async #deleteBlob(digest: string, response: http.ServerResponse): Promise<void> {
    if (!isDigest(digest)) throw new Refusal(400, 'DIGEST_INVALID', 'provided digest is no sha256 digest');
    if (!this.#layout.has(digest)) throw new Refusal(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
    const { collect } = await import('../../image/collect.ts');
    await collect(this.#options.root!, this.#layout, { blobs: [digest], layers: [] });
    if (this.#layout.has(digest)) throw new Refusal(405, 'UNSUPPORTED', 'an image needs this blob');
    sendEmpty(response, 202);
  }

  #catalog(): Catalog {
    return new Catalog(this.#layout, this.#options.repository);
  }
}

function checkRepository(name: string): string {
  if (name.length <= 255 && repositoryName.test(name)) return name;
  throw new Refusal(400, 'NAME_INVALID', `invalid repository name ${JSON.stringify(name.slice(0, 100))}`);
}
