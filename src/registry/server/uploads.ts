import { createHash, type Hash, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import type http from 'node:http';
import path from 'node:path';
import type { Layout } from '../../image/layout.ts';
import { beginWork } from '../../image/work.ts';
import { blobPath, isDigest } from '../../oci/digest.ts';
import { removeTree } from '../../state/remove-tree.ts';
import { explainWrite, isFileError } from '../../storage/failure.ts';
import { identity, Refusal, sendEmpty } from './replies.ts';

/** An upload without a request for this long is abandoned. */
const patienceMs = 60 * 60_000;
const maxUploads = 200;
const maxBlobSize = 64 * 2 ** 30;

interface Upload {
  repository: string;
  file: string;
  fd: number;
  hash: Hash;
  size: number;
  touched: number;
  isBusy: boolean;
}

/**
 * Blobs on their way in (distribution-spec, "Pushing Blobs"). Each is a file in a working folder of this process, which a
 * collection of garbage respects and the next start of anything recognises as dead; it takes its name by one rename, after its
 * digest was compared. An upload that breaks off keeps what has come, and its client asks how much that is.
 */
export class Uploads {
  readonly #layout: Layout;
  readonly #open = new Map<string, Upload>();
  #folder: Promise<string> | undefined;
  #lastUse = 0;
  readonly #timer = setInterval(() => this.#tidy(Date.now()), 60_000).unref();

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** POST: opens an upload, mounts what is here already, or takes a whole blob at once. */
  async begin(
    repository: string,
    url: URL,
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    const folder = await this.#hold();
    const mount = url.searchParams.get('mount');
    if (isDigest(mount) && this.#layout.has(mount)) {
      return sendEmpty(response, 201, { Location: `/v2/${repository}/blobs/${mount}`, ...identity(mount) });
    }
    if (this.#open.size >= maxUploads) throw new Refusal(429, 'TOOMANYREQUESTS', 'too many uploads at once');
    const id = randomUUID();
    const file = path.join(folder, id);
    const fd = fs.openSync(file, 'wx', 0o600);
    const upload = { repository, file, fd, hash: createHash('sha256'), size: 0, touched: Date.now(), isBusy: false };
    this.#open.set(id, upload);
    const digest = url.searchParams.get('digest');
    if (digest !== null) return this.#finish(id, upload, digest, request, response);
    sendEmpty(response, 202, this.#state(id, upload));
  }

  /** GET, PATCH, PUT and DELETE of an upload. */
  async handle(
    repository: string,
    id: string,
    url: URL,
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    const upload = this.#open.get(id);
    if (upload === undefined || upload.repository !== repository) {
      throw new Refusal(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
    }
    switch (request.method) {
      case 'GET':
        return sendEmpty(response, 204, this.#state(id, upload));
      case 'DELETE':
        this.#forget(id);
        return sendEmpty(response, 204);
      case 'PATCH':
        this.#checkRange(id, upload, request, response);
        await this.#append(upload, request);
        return sendEmpty(response, 202, this.#state(id, upload));
      case 'PUT':
        this.#checkRange(id, upload, request, response);
        return this.#finish(id, upload, url.searchParams.get('digest'), request, response);
      default:
        throw new Refusal(405, 'UNSUPPORTED', `${request.method} is not for uploads`);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const id of [...this.#open.keys()]) this.#forget(id);
    await this.#release();
  }

  /** While the folder is there no garbage is collected: what is pushed is nobody's until its manifest comes. */
  async #hold(): Promise<string> {
    this.#lastUse = Date.now();
    this.#folder ??= beginWork(this.#layout, 'pull').catch(error => {
      this.#folder = undefined;
      throw error;
    });
    return this.#folder;
  }

  async #release(): Promise<void> {
    const folder = await this.#folder?.catch(() => undefined);
    this.#folder = undefined;
    if (folder !== undefined) removeTree(folder);
  }

  async #tidy(now: number): Promise<void> {
    for (const [id, { touched, isBusy }] of this.#open) if (!isBusy && now - touched > patienceMs) this.#forget(id);
    if (this.#open.size === 0 && now - this.#lastUse >= patienceMs) await this.#release();
  }

  #forget(id: string): void {
    const upload = this.#open.get(id);
    if (upload === undefined) return;
    this.#open.delete(id);
    fs.closeSync(upload.fd);
    fs.rmSync(upload.file, { force: true });
  }

  #state(id: string, { repository, size }: Upload): http.OutgoingHttpHeaders {
    return {
      Location: `/v2/${repository}/blobs/uploads/${id}`,
      Range: `0-${Math.max(0, size - 1)}`,
      'Docker-Upload-UUID': id,
    };
  }

  #checkRange(id: string, upload: Upload, request: http.IncomingMessage, response: http.ServerResponse): void {
    const range = request.headers['content-range'];
    const start = /^(?:bytes )?(\d+)-\d+/.exec(range ?? '')?.[1];
    if (range === undefined || Number(start) === upload.size) return;
    for (const [name, value] of Object.entries(this.#state(id, upload))) response.setHeader(name, value as string);
    throw new Refusal(416, 'BLOB_UPLOAD_INVALID', `the next byte that is wanted is ${upload.size}`);
  }

  /** Written synchronously, so that no received byte is lost where the client disconnects. */
  async #append(upload: Upload, request: http.IncomingMessage): Promise<void> {
    if (upload.isBusy) throw new Refusal(409, 'BLOB_UPLOAD_INVALID', 'another request writes to this upload');
    upload.isBusy = true;
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        if (upload.size + chunk.length > maxBlobSize) throw new Refusal(413, 'SIZE_INVALID', 'the blob is too large');
        for (let at = 0; at < chunk.length; )
          at += fs.writeSync(upload.fd, chunk, at, chunk.length - at, upload.size + at);
        upload.hash.update(chunk);
        upload.size += chunk.length;
        upload.touched = Date.now();
      }
    } catch (error) {
      if (!isFileError(error)) throw error;
      throw new Refusal(507, 'UNKNOWN', (explainWrite(error, 'storing a blob') as Error).message);
    } finally {
      upload.isBusy = false;
      this.#lastUse = Date.now();
    }
  }

  async #finish(
    id: string,
    upload: Upload,
    digest: string | null,
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    await this.#append(upload, request);
    if (!isDigest(digest)) throw new Refusal(400, 'DIGEST_INVALID', 'provided digest is no sha256 digest');
    const found = `sha256:${upload.hash.copy().digest('hex')}`;
    if (found !== digest) {
      this.#forget(id);
      throw new Refusal(400, 'DIGEST_INVALID', `provided digest ${digest} did not match uploaded content ${found}`);
    }
    fs.renameSync(upload.file, blobPath(this.#layout.directory, digest));
    this.#forget(id);
    sendEmpty(response, 201, { Location: `/v2/${upload.repository}/blobs/${digest}`, ...identity(digest) });
  }
}
