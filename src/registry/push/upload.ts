import fs from 'node:fs';
import type { Readable } from 'node:stream';
import { MinidockError } from '../../errors.ts';
import type { Descriptor } from '../../oci/manifest.ts';
import type { RegistryClient } from '../http/client.ts';
import { AnswerError } from '../http/errors.ts';
import type { HttpAnswer } from '../http/http.ts';

export interface UploadOptions {
  /** Repositories of the same registry that may hold the blob, likeliest first. */
  mountFrom?: readonly string[] | undefined;
  /** Bytes that the registry has taken. */
  onProgress?: ((bytes: number) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Largest body of one request; all at once where it is not given. */
  chunkSize?: number | undefined;
}

export type UploadOutcome = { kind: 'exists' } | { kind: 'mounted'; from: string } | { kind: 'pushed' };

/** Up to here a blob is one PUT (distribution-spec, "POST then PUT"). */
const monolithicSize = 1 << 20;
/** For registries behind a proxy that refuses large bodies: nginx's default limit is one megabyte. */
const smallChunk = 512 << 10;
/** A registry may store and hash a whole blob before it answers. */
const patienceMs = 5 * 60_000;

/**
 * Brings a blob to the registry, unless it is there or can be mounted from another of its repositories. An upload that breaks
 * off goes on where the registry says it ended; one that the registry forgot begins again.
 *
 * @param file where its bytes are
 */
export async function upload(
  client: RegistryClient,
  file: string,
  blob: Descriptor,
  options: UploadOptions = {},
): Promise<UploadOutcome> {
  const found = await find(client, blob, options);
  if (found !== undefined && !(found instanceof URL)) return found;
  await new Upload(client, file, blob, options).run(found);
  return { kind: 'pushed' };
}

/** Whether a blob need not be uploaded, because it is there or could be mounted. */
export async function findBlob(
  client: RegistryClient,
  blob: Descriptor,
  options: Pick<UploadOptions, 'mountFrom' | 'signal'>,
): Promise<UploadOutcome | undefined> {
  const found = await find(client, blob, options);
  return found instanceof URL ? undefined : found;
}

/** As `findBlob`; or where to upload it, where a registry that could not mount it says so. */
async function find(
  client: RegistryClient,
  blob: Descriptor,
  { mountFrom = [], signal }: Pick<UploadOptions, 'mountFrom' | 'signal'>,
): Promise<UploadOutcome | URL | undefined> {
  if (await exists(client, blob, signal)) return { kind: 'exists' };
  for (const from of mountFrom) {
    const answer = await begin(client, { mount: blob.digest, from }, signal);
    if (answer === 'mounted') return { kind: 'mounted', from };
    if (answer !== undefined) return answer;
  }
  return undefined;
}

async function exists(client: RegistryClient, { digest }: Descriptor, signal?: AbortSignal): Promise<boolean> {
  try {
    const { body } = await client.retry(
      () => client.request(client.url(`blobs/${digest}`), { method: 'HEAD', signal }),
      signal,
    );
    body.resume();
    return true;
  } catch (error) {
    if (error instanceof AnswerError && error.status === 404) return false;
    throw error;
  }
}

/** Opens an upload; where a mount was asked for, a registry that cannot opens an upload in its place. */
async function begin(
  client: RegistryClient,
  mount: { mount: string; from: string } | undefined,
  signal?: AbortSignal,
): Promise<URL | 'mounted' | undefined> {
  const url = client.url('blobs/uploads/');
  for (const [name, value] of Object.entries(mount ?? {})) url.searchParams.set(name, value);
  const headers = { 'content-length': '0' };
  try {
    const answer = await client.retry(() => client.request(url, { method: 'POST', headers, signal }), signal);
    answer.body.resume();
    return answer.status === 201 ? 'mounted' : locationOf(answer, url);
  } catch (error) {
    // No right to look into the other repository is no reason not to upload.
    if (mount !== undefined && error instanceof AnswerError && error.status < 500) return undefined;
    throw error;
  }
}

function locationOf({ headers }: HttpAnswer, url: URL): URL {
  const { location } = headers;
  if (location !== undefined && URL.canParse(location, url.href)) {
    const next = new URL(location, url);
    if (next.protocol === 'http:' || next.protocol === 'https:') return next;
  }
  throw new MinidockError('registry-error', `${url.host} names no place for the upload`);
}

class Upload {
  readonly #client: RegistryClient;
  readonly #file: string;
  readonly #blob: Descriptor;
  readonly #options: UploadOptions;
  #chunkSize: number;
  /** The URL at which the upload continues; undefined before it has begun. */
  #location: URL | undefined;
  #offset = 0;
  /** Whether the registry may have received less than was sent. */
  #isUnsure = false;

  constructor(client: RegistryClient, file: string, blob: Descriptor, options: UploadOptions) {
    this.#client = client;
    this.#file = file;
    this.#blob = blob;
    this.#options = options;
    this.#chunkSize = options.chunkSize ?? Number.POSITIVE_INFINITY;
  }

  async run(location: URL | undefined): Promise<void> {
    this.#location = location;
    const { signal } = this.#options;
    // Each piece that gets through earns the next one its own attempts.
    for (let isDone = false; !isDone; ) {
      isDone = await this.#client.retry(() => this.#step(), signal);
    }
  }

  /** One request, and one more to ask where we are after a failure. Resolves to whether the blob is there. */
  async #step(): Promise<boolean> {
    const { size } = this.#blob;
    try {
      if (this.#isUnsure) await this.#client.retry(() => this.#findOffset(), this.#options.signal);
      if (this.#location === undefined) await this.#begin();
      const isWhole = this.#offset === 0 && size <= Math.min(monolithicSize, this.#chunkSize);
      if (isWhole || this.#offset === size) {
        await this.#finish(isWhole);
        return true;
      }
      await this.#send();
      return false;
    } catch (error) {
      if (error instanceof AnswerError && error.status === 413 && this.#chunkSize > smallChunk) {
        this.#chunkSize = smallChunk;
        this.#isUnsure = true;
        return false;
      }
      if (error instanceof AnswerError && (error.status === 404 || error.status === 416)) this.#location = undefined;
      this.#isUnsure = this.#location !== undefined;
      throw error;
    }
  }

  async #begin(): Promise<void> {
    const location = await begin(this.#client, undefined, this.#options.signal);
    if (!(location instanceof URL)) throw new MinidockError('registry-error', 'the registry opens no upload');
    this.#location = location;
    this.#offset = 0;
  }

  /** Everything from the offset on, or one chunk of it, in a PATCH. */
  async #send(): Promise<void> {
    const start = this.#offset;
    const end = Math.min(start + this.#chunkSize, this.#blob.size);
    const isPart = start > 0 || end < this.#blob.size;
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': String(end - start),
      ...(isPart ? { 'content-range': `${start}-${end - 1}` } : {}),
    };
    const answer = await this.#client.request(this.#location!, {
      ...{ method: 'PATCH', headers, idleTimeoutMs: patienceMs, signal: this.#options.signal },
      body: () => this.#read(start, end),
    });
    answer.body.resume();
    this.#location = locationOf(answer, this.#location!);
    this.#offset = end;
  }

  async #finish(isWhole: boolean): Promise<void> {
    const url = new URL(this.#location!);
    url.searchParams.set('digest', this.#blob.digest);
    const { size } = this.#blob;
    const answer = await this.#client.request(url, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(isWhole ? size : 0) },
      body: isWhole ? () => this.#read(0, size) : undefined,
      idleTimeoutMs: patienceMs,
      signal: this.#options.signal,
    });
    answer.body.resume();
  }

  /**
   * Asks how much has come (distribution-spec, "Pushing a blob in chunks"): `Range: 0-N`. What knows nothing of the upload any
   * more, or has lost count as distribution 2.8 does after a broken request, has us begin again.
   */
  async #findOffset(): Promise<void> {
    const { signal } = this.#options;
    try {
      const answer = await this.#client.request(this.#location!, { method: 'GET', signal });
      answer.body.resume();
      const end = /^(?:bytes=)?0-(\d+)$/.exec(answer.headers.range ?? '')?.[1];
      this.#offset = end === undefined || end === '0' ? 0 : Number(end) + 1;
      if (this.#offset > this.#blob.size) this.#location = undefined;
      else if (answer.headers.location !== undefined) this.#location = locationOf(answer, this.#location!);
    } catch (error) {
      if (!(error instanceof AnswerError) || error.status >= 500 || error.status === 429) throw error;
      this.#location = undefined;
    }
    this.#isUnsure = false;
  }

  #read(start: number, end: number): Readable {
    if (end === start) return fs.createReadStream('/dev/null');
    const stream = fs.createReadStream(this.#file, { start, end: end - 1, highWaterMark: 256 << 10 });
    stream.on('data', () => this.#options.onProgress?.(start + stream.bytesRead));
    return stream;
  }
}
