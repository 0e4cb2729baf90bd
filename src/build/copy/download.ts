import { createHash } from 'node:crypto';
import { MinidockError } from '../../errors.ts';
import { send } from '../../registry/http/http.ts';

/** A file that ADD fetched. */
export interface Downloaded {
  /** The last name of the URL's path; empty where it has none. */
  readonly name: string;
  readonly content: Buffer;
  /** Seconds since 1970, where the server tells when the file was last changed. */
  readonly modified?: number;
}

/** More than this is no file for an image, and would have to be held in memory. */
const largest = 1 << 30;

/** Fetches a file. Throws `cannot-download`, also where the digest is another (`--checksum=sha256:…`). */
export async function download(
  source: string,
  checksum: string | undefined,
  signal?: AbortSignal,
): Promise<Downloaded> {
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
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > largest) throw refuse('it is larger than 1 GiB');
    chunks.push(chunk);
  }
  const content = Buffer.concat(chunks);
  const found = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  if (checksum !== undefined && checksum !== found) throw refuse(`it has the digest ${found}, not ${checksum}`);
  const modified = Date.parse(String(headers['last-modified'] ?? ''));
  return {
    name: decodeURIComponent(url.pathname.split('/').at(-1) ?? ''),
    content,
    ...(Number.isFinite(modified) && { modified: modified / 1000 }),
  };
}
