import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { onExit } from './cleanup.ts';

/** An image in memory: everything that a registry would serve of it. */
export interface TestImage {
  manifest: Buffer;
  mediaType: string;
  blobs: Map<string, Buffer>;
  /** Digests of the layers' blobs, bottom first. */
  layers: string[];
}

export const digestOf = (content: Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`;

const docker = 'application/vnd.docker.distribution.manifest.v2+json';

/** An image of the given gzipped layers. `edit` changes manifest and config before they are written. */
export function testImage(
  layers: Buffer[],
  // biome-ignore lint/suspicious/noExplicitAny: tests break these documents in every way
  edit: (documents: { manifest: any; config: any }) => void = () => {},
): TestImage {
  const diffIds = layers.map(layer => {
    try {
      return digestOf(gunzipSync(layer));
    } catch {
      return digestOf(layer);
    }
  });
  const config = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created: '2020-01-01T00:00:00Z',
    config: { Cmd: ['/bin/true'] },
    rootfs: { type: 'layers', diff_ids: diffIds },
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: docker,
    config: { mediaType: 'application/vnd.docker.container.image.v1+json', digest: '', size: 0 },
    layers: layers.map(layer => ({
      mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
      digest: digestOf(layer),
      size: layer.length,
    })),
  };
  const unset = manifest.config;
  edit({ manifest, config });
  const configBlob = Buffer.from(JSON.stringify(config));
  if (manifest.config === unset && unset.digest === '') {
    unset.digest = digestOf(configBlob);
    unset.size = configBlob.length;
  }
  const blobs = new Map([configBlob, ...layers].map(blob => [digestOf(blob), blob]));
  return { manifest: Buffer.from(JSON.stringify(manifest)), mediaType: docker, blobs, layers: layers.map(digestOf) };
}

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => boolean | undefined;

export interface FaultyRegistry {
  host: string;
  url: string;
  /** `METHOD path` of each request so far, and its headers. */
  requests: { line: string; headers: http.IncomingHttpHeaders }[];
  /** Serves images by `repository:tag`; replaces what was there. */
  put(name: string, image: TestImage): void;
  /** Called first for each request; true means that it has answered. */
  intercept: Handler;
  close(): void;
}

/** A registry in this process that can be told to fail. */
export async function faultyRegistry(): Promise<FaultyRegistry> {
  const images = new Map<string, TestImage>();
  const registry: FaultyRegistry = {
    host: '',
    url: '',
    requests: [],
    intercept: () => false,
    put: (name, image) => images.set(name, image),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  const server = http.createServer((request, response) => {
    registry.requests.push({ line: `${request.method} ${request.url}`, headers: request.headers });
    if (registry.intercept(request, response)) return;
    const [, repository, kind, name] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? '') ?? [];
    if (kind === 'manifests') {
      const image = [...images].find(
        ([key, { manifest }]) => key === `${repository}:${name}` || digestOf(manifest) === name,
      )?.[1];
      if (image !== undefined) return send(response, image.manifest, image.mediaType);
    }
    const blob = [...images.values()].map(({ blobs }) => blobs.get(name ?? '')).find(Boolean);
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (blob !== undefined && start > 0) {
      response.writeHead(206, { 'content-range': `bytes ${start}-${blob.length - 1}/${blob.length}` });
      return void response.end(blob.subarray(start));
    }
    if (blob !== undefined) return send(response, blob, 'application/octet-stream');
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  onExit(registry.close);
  registry.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  registry.url = `http://${registry.host}`;
  return registry;
}

function send(response: http.ServerResponse, content: Buffer, type: string): void {
  response.writeHead(200, { 'content-type': type, 'content-length': content.length });
  response.end(content);
}
