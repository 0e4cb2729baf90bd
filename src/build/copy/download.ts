import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { MinidockError } from '../../errors.ts';
import { randomHex } from '../../host/random.ts';
import { send } from '../../registry/http/http.ts';
import { DiskGuard } from '../../storage/disk-guard.ts';
import { explainWrite, isFileError } from '../../storage/failure.ts';

/** A file that ADD fetched. */
export interface Downloaded {
  /** The last name of the URL's path; empty where it has none. */
  readonly name: string;
  /** Where it lies, and how many bytes it has. */
  readonly file: string;
  readonly size: number;
  /** Seconds since 1970, where the server tells when the file was last changed. */
  readonly modified?: number;
}

/** What is fetched, and how. */
export interface Wanted {
  readonly url: string;
  /** `sha256:…` */
  readonly checksum: string | undefined;
  /** It is put there, as a new file: it may be larger than the memory. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
}

/** Fetches a file. Throws `cannot-download`, also where the digest is another (`--checksum=sha256:…`), and `no-space`. */
export async function download({ url: source, checksum, folder, signal }: Wanted): Promise<Downloaded> {
  const refuse = (reason: string) => new MinidockError('cannot-download', `cannot get ${source}: ${reason}`);
  if (!URL.canParse(source)) throw refuse('it is no URL');
  const url = new URL(source);
  const { status, headers, body } = await send({ url, ...(signal && { signal }) }).catch(error => {
    throw signal?.aborted ? error : refuse((error as Error).message);
  });
  if (status !== 200) {
    body.destroy();
    throw refuse(`the server answered ${status}`);
  }
  const file = path.join(folder, `download-${randomHex(4)}`);
  const { size, digest } = await store(body, file, `downloading ${source}`).catch(error => {
    throw signal?.aborted || error instanceof MinidockError ? error : refuse((error as Error).message);
  });
  if (checksum !== undefined && checksum !== digest) throw refuse(`it has the digest ${digest}, not ${checksum}`);
  const modified = Date.parse(String(headers['last-modified'] ?? ''));
  return {
    name: decodeURIComponent(url.pathname.split('/').at(-1) ?? ''),
    file,
    size,
    ...(Number.isFinite(modified) && { modified: modified / 1000 }),
  };
}

async function store(body: AsyncIterable<Buffer>, file: string, what: string) {
  const guard = new DiskGuard(path.dirname(file), what);
  const hash = createHash('sha256');
  let size = 0;
  const fd = fs.openSync(file, 'wx', 0o600);
  try {
    for await (const chunk of body) {
      guard.count(chunk.length);
      for (let at = 0; at < chunk.length; ) at += fs.writeSync(fd, chunk, at);
      hash.update(chunk);
      size += chunk.length;
    }
  } catch (error) {
    throw isFileError(error) ? explainWrite(error, what) : error;
  } finally {
    fs.closeSync(fd);
  }
  return { size, digest: `sha256:${hash.digest('hex')}` };
}
